"""Compare's form for a sweep: the knobs to vary, their values, and how many runs that makes."""

from dataclasses import dataclass

import streamlit as st

from core.config.recipes import RECIPES
from core.config.run_config import KNOB_TYPES, KNOBS, RunConfig
from core.errors import ConfigError, DigitLabError
from core.evaluation.comparison import RunRow, describe_differences
from core.formatting import count, estimate, plain
from core.jobs import optuna_search, search, search_study
from core.jobs.sweep import GRID, SEARCH, SweepPlan, SweepStore
from core.jobs.sweep_axes import MAX_RUNS, Axis, combinations, extreme_configs, read_axis
from pages.parts.compare.sweep_forecast import expected_seconds
from pages.shared import caches, controls
from pages.shared.visitor import current

WATCHED = "compare_sweep"
_TRAIN = "the knobs on Train"
_MAX_SHOWN = 12  # values of a range
_KINDS = {GRID: "Every combination", SEARCH: "Search (Optuna)"}
_EXAMPLES = {
    "units": "64, 128, 256, 512",
    "hidden_layers": "1-3",
    "dropout": "0, 0.2, 0.4",
    "learning_rate": "0.0001-0.1",
    "batch_size": "32-256",
    "epochs": "2, 5, 10",
    "seed": "1-5",
    "network": "dense128, conv32x3-pool2-dense128",
    "train_images": "1000, 5000, 20000",
}


@dataclass(frozen=True)
class _Form:
    """A sweep as the form describes it, ready to start. configs: those of a grid; of a search, its base alone."""

    plan: SweepPlan
    configs: list[RunConfig]


def show(found: list[RunRow]) -> None:
    """Draws the form; Start queues the runs."""
    with st.container(border=True, key="sweep_form"):
        try:
            form = _read_form()
        except ConfigError as error:
            st.warning(plain(error.sentence), icon=":material/edit:")
            form = None
        if form:
            st.caption(_outlook(form, found))
        if st.button("Start", type="primary", icon=":material/play_arrow:", disabled=form is None, key="sweep_start"):
            _start(form)


def _read_form() -> _Form | None:
    """The sweep that the widgets describe. Raises `ConfigError` for values that cannot be tried."""
    kind = st.segmented_control(
        "Try", list(_KINDS), format_func=_KINDS.__getitem__, default=GRID, required=True, key="sweep_kind",
        persist_state="session",
        help="Every combination trains all of them. In a search, Optuna proposes the next run from the results so far.",
    )  # fmt: skip
    base = _base(st.selectbox("All other knobs from", [_TRAIN, *RECIPES], key="sweep_base", persist_state="session"))
    knobs = st.multiselect(
        "Knobs to vary", [name for name in KNOBS if name not in ("device", "validate_on")],
        default=["units"], format_func=lambda name: KNOBS[name].label, key="sweep_knobs", persist_state="session",
        help="Add Seed to train every setting several times: then the result shows what is luck.",
    )  # fmt: skip
    axes = tuple(_axis(name, kind) for name in knobs)
    if not knobs:
        st.info("Choose at least one knob.")
        return None
    if kind == SEARCH:
        return _search(base, axes)
    if set(knobs) != {"seed"}:
        base = optuna_search.search_base(base)
    configs = combinations(base, axes)
    return _Form(SweepPlan(GRID, base, axes, len(configs)), configs)


def _search(base: RunConfig, axes: tuple[Axis, ...]) -> _Form:
    left, right = st.columns(2, vertical_alignment="bottom")
    trials = left.number_input("Runs", 4, MAX_RUNS, 20, key="sweep_trials", persist_state="session")
    prune = right.toggle(
        "Stop poor runs early", value=True, key="sweep_prune", persist_state="session",
        help=f"After {search_study.TRIALS_BEFORE_PRUNING} complete runs, a run is stopped when it is below the median "
        "of the others at the same epoch (Optuna's MedianPruner).",
    )  # fmt: skip
    search_base = optuna_search.search_base(base)
    for axis in axes:  # both ends of every range must make a valid config
        for value in (axis.values[0], axis.values[-1]):
            search_base.changed(**{axis.knob: value})
    return _Form(SweepPlan(SEARCH, search_base, axes, int(trials), prune), [search_base])


def _base(name: str) -> RunConfig:
    return controls.run_config() if name == _TRAIN else RECIPES[name].config


def _axis(knob: str, kind: str) -> Axis:
    facts = KNOBS[knob]
    example = _EXAMPLES.get(knob) or (
        ", ".join(facts.choices[:3]) if facts.choices else f"{facts.low:g}-{facts.high:g}"
    )
    text = st.text_input(
        facts.label, example, key=f"sweep_values_{knob}", persist_state="session",
        help=("A list, such as " + example + ".") if KNOB_TYPES[knob] is str
        else f"A list (64, 128), a range (1-5) or a range with a step (0-0.4 by 0.1). For example {example}.",
    )  # fmt: skip
    axis = read_axis(knob, text)
    if range_words := _range_words(axis, kind):
        st.caption(plain(range_words))
    return axis


def _range_words(axis: Axis, kind: str) -> str:
    """What a range stands for; empty for a list, and for a range with many values."""
    shown = KNOBS[axis.knob].shown
    if kind == SEARCH and axis.bounds:  # Optuna proposes any value between the two ends
        low, high = map(KNOB_TYPES[axis.knob], axis.bounds)
        number = "whole number" if KNOB_TYPES[axis.knob] is int else "number"
        return f"Any {number} from {shown(low)} to {shown(high)}."
    is_list = len(axis.values) == axis.text.count(",") + 1
    return "" if is_list or len(axis.values) > _MAX_SHOWN else " · ".join(map(shown, axis.values))


def _outlook(form: _Form, found: list[RunRow]) -> str:
    """How many runs there will be, how long they take, and which images judge them."""
    plan = form.plan
    seconds = plan.trials * expected_seconds(form.configs, found)
    runs = f"**{count(plan.trials, 'run')}**, about {estimate(seconds)} of training"
    images = count(len(caches.data().validation))
    held_out = f"{images} held-out validation images judge them. The test set stays sealed."
    if plan.kind == SEARCH:
        more = " at most, because poor runs are stopped early" if plan.prune else ""
        return f"{runs}{more}. {held_out}"
    if plan.base.holds_out:
        return f"{runs}. {held_out}"
    return f"{runs}. They validate as the recipe does."


def _start(form: _Form) -> None:
    """Saves the sweep and queues its runs.

    Nothing is drawn in between: drawing may stop for the visitor's next click, and only half a sweep would be queued.
    """
    me, jobs = current(), caches.jobs()  # a search also needs somebody who looks after the queue
    try:
        with st.spinner("Queueing the runs …"):
            is_search = form.plan.kind == SEARCH
            tried = extreme_configs(form.plan.base, form.plan.axes) if is_search else form.configs
            jobs.check_sweep(tried, me, trials=form.plan.trials if is_search else 0)
            sweep = SweepStore(caches.store()).create(form.plan, starter=me.id)
            if is_search:
                search.start(caches.store(), sweep)
            else:
                names = describe_differences(form.configs)
                facts = [{"name": name, "sweep": sweep.id} for name in names]
                jobs.submit_all(list(zip(form.configs, facts, strict=True)), visitor=me)
    except DigitLabError as error:
        st.error(plain(error.sentence), icon=":material/error:")
        return
    st.session_state[WATCHED] = sweep.id
    st.rerun()
