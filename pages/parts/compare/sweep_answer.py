"""The result of a sweep: which setting is best, whether that may be luck, and which knob mattered."""

import numpy as np
import streamlit as st

from core.config.run_config import KNOBS, RunConfig
from core.errors import DigitLabError
from core.evaluation.comparison import RunRow, describe_differences, knob_text
from core.evaluation.importance import RESIDUAL, has_residual_degrees_of_freedom, main_effects
from core.evaluation.sweep_result import SEED, SweepResult, more_seeds, sweep_result
from core.formatting import count, estimate, percent, points
from core.jobs.search_importance import MIN_TRIALS
from core.jobs.sweep import SEARCH, Sweep, SweepStore
from core.runs.data_match import newest_data, same_data
from core.runs.events import FINISHED
from pages.parts.compare import parallel_plot, run_rows, setting_table, verdict_box
from pages.parts.compare.sweep_forecast import expected_seconds
from pages.shared import caches
from pages.shared.visitor import current, may_control

MORE_SEEDS = 2  # for each setting that may be the best
MAX_REPEATED = 5  # settings that get more seeds at once


def show(sweep: Sweep, rows: list[RunRow], *, active: bool) -> None:
    """Draws the result so far; at least one run must have finished."""
    scored = [row for row in rows if row.score is not None]  # also those that were stopped early
    data = newest_data(row.run for row in scored if row.state == FINISHED)
    counted = [row for row in scored if same_data(row.run.data_fingerprint, data)]
    finished = [row for row in counted if row.state == FINISHED]
    if others := len(scored) - len(counted):
        st.caption(f"Not counted: {count(others, 'run')} of another data set.")
    best = max(finished, key=lambda row: row.score or 0.0)
    knobs = [axis.knob for axis in sweep.axes]
    complete = [row for row in finished if row.is_repetition]
    repeated = [(row.config, row.score or 0.0) for row in complete]
    result = sweep_result(tuple(knobs), tuple(repeated)) if repeated and sweep.kind != SEARCH else None
    if result and result.is_repeated:
        best = next(row for row in complete if row.config in result.best.configs)
    _best(best, knobs, result, active=active)
    if result:
        _settings(sweep, result, rows, active=active)
    _links(best, rows)
    tried = [name for name in knobs if name != SEED]
    if sweep.kind == SEARCH or len(tried) > 1:
        parallel_plot.coordinates(counted, tried or knobs, key=f"lines_{sweep.id}")
    is_mixed = others and sweep.findings.get("importance") and sweep.findings.get("data") != data
    if sweep.kind == SEARCH and is_mixed:  # a search of an earlier version
        st.caption("Which knob mattered is not shown, because it was computed with runs of two data sets.")
    else:
        _importance(sweep, finished, tried)


def _best(best: RunRow, knobs: list[str], result: SweepResult | None, *, active: bool) -> None:
    """The best setting where settings are repeated, otherwise the best run. active: whether others still train."""
    images = "validation images" if best.config.holds_out else "test images"
    if result and result.is_repeated:
        names = [name for name in knobs if name != SEED]
        accuracy = f"on average {percent(result.best.mean)} of the {images} right"
    else:
        names, accuracy = knobs, f"with {percent(best.score)} of the {images} right"
    if names:
        values = [
            f"{KNOBS[name].label.lower()} **{knob_text(name, getattr(best.config, name), '–')}**" for name in names
        ]
        st.markdown(f"{'Best so far' if active else 'Best'}: {', '.join(values)}, {accuracy}.")
    elif result:
        st.markdown(f"Only the seed differs, so the spread is luck alone: {result.best.summary}, measured on {images}.")


def _settings(sweep: Sweep, result: SweepResult, rows: list[RunRow], *, active: bool) -> None:
    """Mean and interval of each setting, the verdict, and more seeds where that cannot tell."""
    setting_table.show(result)
    if result.verdict:
        verdict_box.show(result.verdict)
        number = len(result.pairs)
        several = f" for each of {number:,} pairs of settings, corrected for their number (Holm)" if number > 1 else ""
        st.caption(f"Welch's t-test over the seeds{several}.")
    elif len(result.settings) > 1:
        gap = points(max(s.mean for s in result.settings) - min(s.mean for s in result.settings))
        st.markdown(
            f"The best and the worst setting differ by {gap}. With one run for each setting, the effect of the knob "
            "and luck cannot be separated. More seeds show how much is luck."
        )
    if not active and len(result.contenders) > 1:
        _more_seeds_button(sweep, result, rows)


def _more_seeds_button(sweep: Sweep, result: SweepResult, rows: list[RunRow]) -> None:
    configs = more_seeds(result, MORE_SEEDS, MAX_REPEATED)
    settings = min(len(result.contenders), MAX_REPEATED)
    own = may_control(sweep)
    seconds = estimate(len(configs) * expected_seconds(configs, run_rows.rows()))
    help = f"Trains {count(len(configs), 'more run')} for the {settings} best settings: about {seconds} of training."
    if not own:
        help = "Somebody else started this sweep. Only they and the teacher can add runs."
    st.button("More seeds", icon=":material/casino:", key="sweep_more_seeds", disabled=not own, help=help,
              on_click=_add_runs, args=(sweep.id, configs, [row.config for row in rows]))  # fmt: skip


def _add_runs(sweep_id: str, configs: list[RunConfig], present: list[RunConfig]) -> None:
    """Queues more runs for a sweep."""
    sweeps = SweepStore(caches.store())
    if not may_control(sweeps.get(sweep_id)):
        return
    names = describe_differences([*present, *configs])[len(present) :]
    runs = [(config, {"name": name, "sweep": sweep_id}) for config, name in zip(configs, names, strict=True)]
    try:
        caches.jobs().check_sweep(configs, current())
        sweeps.extend(sweep_id, len(configs))
        caches.jobs().submit_all(runs, visitor=current())
    except DigitLabError as error:
        st.session_state[run_rows.REFUSED] = error.sentence


def _links(best: RunRow, rows: list[RunRow]) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        ids = [row.run.id for row in rows if row.summary.started]
        if st.button("Show these runs in the table", icon=":material/table_rows:", key="sweep_to_table",
                     on_click=_to_table, args=(ids,)):  # fmt: skip
            st.rerun()  # the whole page: it changes to its other view
        st.page_link("pages/train.py", label="Use the best knobs on Train", icon=":material/tune:",
                     query_params=best.config.to_query())  # fmt: skip
        st.page_link("pages/evaluate.py", label="Evaluate the best run", icon=":material/fact_check:",
                     query_params={"run": best.run.id})  # fmt: skip


def _to_table(runs: list[str]) -> None:
    run_rows.choose(runs)
    st.session_state["compare_view"] = "runs"


def _importance(sweep: Sweep, finished: list[RunRow], knobs: list[str]) -> None:
    """Bars: how much of the differences each knob explains, and how that was computed."""
    if sweep.kind == SEARCH:
        shares = sweep.findings.get("importance", {})
        method = (
            "fANOVA (Optuna): a random forest learns to predict the validation accuracy after epoch "
            f"{sweep.findings.get('judged_after')} from the knobs of all runs; that is the last epoch that all runs "
            "reached. Each knob gets its share of the variance."
        )
        if not shares:
            st.markdown("**Which knob mattered**")
            st.caption(f"This needs at least {MIN_TRIALS} different runs.")
            return
    else:
        scores = [row.score or 0.0 for row in finished]
        values = {name: [getattr(row.config, name) for row in finished] for name in knobs}
        if not values or not has_residual_degrees_of_freedom(values):
            return
        shares = main_effects(values, scores)
        method = (
            "Analysis of variance: the squared distances between the mean accuracies of a knob's values, as a share of "
            "the squared distances between all runs. The rest is luck, and knobs that act together."
        )
        if not shares:
            return
    st.markdown("**Which knob mattered**")
    rest = "Luck" if len(knobs) == 1 else "Knobs together, and luck"
    parallel_plot.bars({KNOBS[name].label if name != RESIDUAL else rest: share for name, share in shares.items()})
    width = points(float(np.ptp([row.score for row in finished])))
    st.caption(f"{method} The best and the worst complete run differ by {width}.")
