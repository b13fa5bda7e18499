"""Compare's sweeps: how far one is, every run of it as a line through its knobs, and which knob mattered."""

import shutil

import numpy as np
import streamlit as st

from core.config.run_config import KNOBS
from core.errors import DigitLabError
from core.evaluation import significance
from core.evaluation.comparison import Row
from core.evaluation.importance import TOGETHER, apart_from_luck, main_effects
from core.evaluation.verdict import HELD_OUT
from core.jobs import search
from core.jobs.sweep import SEARCH, Sweep, SweepStore
from core.runs.events import FINISHED
from core.runs.store import ACTIVE, WAITING
from pages.parts.compare import parallel_plot, run_rows, sweep_form
from pages.parts.compare.sweep_form import WATCHED
from pages.shared import caches
from pages.shared.fragments import guarded_fragment
from pages.shared.stable_selectbox import picker
from pages.shared.visitor import may_control, visitor

REFRESH_SECONDS = 2.0


def show() -> None:
    """Draws the form and the sweep that is watched; while that trains, it is drawn anew every two seconds."""
    form, panel = st.columns([2, 3], gap="large")
    with form:
        sweep_form.show(run_rows.rows())
    with panel:
        sweeps = {sweep.id: sweep for sweep in SweepStore(caches.store()).all()}
        if not sweeps:
            _explain()
            return
        _panel(picker("Sweep", {name: sweep.title for name, sweep in sweeps.items()}, key=WATCHED))


def _explain() -> None:
    st.info(
        "A sweep trains many runs that differ in some knobs, and says which knob mattered. Write what to try on the "
        "left: a list such as 64, 128, 256 or a range such as 1-5.",
        icon=":material/tune:",
    )


def _panel(sweep_id: str) -> None:
    alive = _alive(SweepStore(caches.store()).get(sweep_id))

    @guarded_fragment(run_every=REFRESH_SECONDS if alive else None)
    def live() -> None:
        sweep = SweepStore(caches.store()).get(sweep_id)
        if _alive(sweep) != alive:
            st.rerun()
        _view(sweep, [row for row in run_rows.rows() if row.run.sweep == sweep_id])

    live()


def _alive(sweep: Sweep) -> bool:
    return search.is_unfinished(sweep) or any(run.sweep == sweep.id for run in caches.store().active())


def _view(sweep: Sweep, rows: list[Row]) -> None:
    _progress(sweep, rows)
    scored = [row for row in rows if row.score is not None and row.state == FINISHED]
    if not scored:
        st.caption("As soon as a run has ended, it appears here as a line.")
        return
    best = max(scored, key=lambda row: row.score or 0.0)
    knobs = [axis.knob for axis in sweep.axes]
    told = ", ".join(f"{KNOBS[name].label.lower()} **{_value(best, name)}**" for name in knobs)
    st.markdown(f"Best so far: {told}, with {best.score:.2%} of the {_images(best)} right.")
    _onwards(best, rows)
    parallel_plot.coordinates([row for row in rows if row.score is not None], knobs, key=f"lines_{sweep.id}")
    _importance(sweep, scored, knobs)


def _progress(sweep: Sweep, rows: list[Row]) -> None:
    states = [row.state for row in rows]
    over = sum(state not in ACTIVE for state in states)
    training = sum(state in ACTIVE and state != WAITING for state in states)
    pruned = len(sweep.findings.get("pruned", ()))
    words = [f"**{over} of {sweep.trials}** runs done"]
    words += [f"{training} training"] * bool(training) + [f"{states.count(WAITING)} waiting"] * (WAITING in states)
    words += [f"{pruned} stopped early"] * bool(pruned) + ["called off"] * sweep.stopped
    st.progress(min(over / max(sweep.trials, 1), 1.0), " · ".join(words))
    if _alive(sweep) and not sweep.stopped:
        mine = may_control(sweep)
        words = "Takes what waits out of the queue and stops what trains; what is done is kept."
        if not mine:
            words = "This sweep was started by somebody else; only its starter may call it off."
        st.button("Call it off", icon=":material/stop:", on_click=_stop, args=(sweep.id,), key="sweep_stop", help=words,
                  disabled=not mine)  # fmt: skip


def _stop(sweep_id: str) -> None:
    store = caches.store()
    sweeps = SweepStore(store)
    if not may_control(sweeps.get(sweep_id)):
        return
    sweeps.stop(sweep_id)
    for run in sweeps.get(sweep_id).runs(store.active()):
        try:
            caches.jobs().stop(run.id, visitor=visitor())
        except DigitLabError as error:
            st.session_state[run_rows.SAID] = str(error)
        # One that never trained is nothing to fetch back, and would crowd out what a visitor deleted.
        shutil.rmtree(store.trash / run.id, ignore_errors=True)


def _images(row: Row) -> str:
    return "validation images" if row.config.validate_on == HELD_OUT else "test images"


def _onwards(best: Row, rows: list[Row]) -> None:
    with st.container(horizontal=True, gap="small"):
        ids = [row.run.id for row in rows if row.summary.started]
        if st.button("Show its runs in the table", icon=":material/table_rows:", key="sweep_to_table",
                     on_click=_to_table, args=(ids,)):  # fmt: skip
            st.rerun()  # the whole page: it turns to its other view
        st.page_link("pages/train.py", label="Best knobs to Train", icon=":material/tune:",
                     query_params=best.config.to_query())  # fmt: skip
        query = {"run": best.run.id}
        st.page_link("pages/evaluate.py", label="Evaluate the best", icon=":material/fact_check:", query_params=query)


def _to_table(runs: list[str]) -> None:
    run_rows.choose(runs)
    st.session_state["compare_view"] = "runs"


def _value(row: Row, knob: str) -> str:
    value = getattr(row.config, knob)
    return f"{value:g}" if isinstance(value, float) else str(value) or "–"


def _one_run_a_value(knobs: list[str], scores: list[float]) -> str:
    """What can be said where each value has a single run."""
    if knobs == ["seed"]:
        return f"Luck alone: {significance.spread(scores)}."
    if "seed" in knobs:
        return "That takes more runs than have ended so far."
    return (
        f"From the best to the worst run it is {100 * float(np.ptp(scores)):.2f} points. With one run for each value, "
        "what a knob did and what luck did cannot be told apart: vary the seed too, over 1-3, and this says how much "
        "is luck."
    )


def _importance(sweep: Sweep, scored: list[Row], knobs: list[str]) -> None:
    """Bars: how much of the differences each knob explains, and how that was found out."""
    if sweep.kind == SEARCH:
        shares = sweep.findings.get("importance", {})
        method = (
            "fANOVA (Optuna): a random forest learns from the knobs of all runs their validation accuracy after epoch "
            f"{sweep.findings.get('judged_after')}, the last one that all reached; its variance is shared out among them."
        )
    else:
        scores = [row.score or 0.0 for row in scored]
        values = {name: [getattr(row.config, name) for row in scored] for name in knobs}
        if len(scored) > 1 and not apart_from_luck(values):
            st.markdown(_one_run_a_value(knobs, scores))
            return
        shares = main_effects(values, scores)
        method = (
            "Analysis of variance: how far apart the mean accuracies of a knob's values lie, squared, as a "
            "share of how far apart the runs lie. The rest is the knobs' interplay, and luck."
        )
    st.markdown("**Which knob mattered**")
    if not shares:
        needed = search.MIN_TRIALS_FOR_IMPORTANCE if sweep.kind == SEARCH else 2
        st.caption(f"That takes at least {needed} runs that differ.")
        return
    parallel_plot.bars(
        {KNOBS[name].label if name != TOGETHER else "Interplay and luck": share for name, share in shares.items()}
    )
    width = 100 * float(np.ptp([row.score for row in scored]))
    st.caption(f"{method} From the best to the worst whole run it is {width:.2f} points.")
