"""Compare's form for a sweep: which knobs to vary, over what, and how many runs that makes."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.config.recipes import RECIPES
from core.config.run_config import KNOB_TYPES, KNOBS, RunConfig
from core.errors import ConfigError, DigitLabError
from core.evaluation.comparison import Row, described
from core.jobs import search
from core.jobs.sweep import GRID, SEARCH, Axis, SweepStore, combinations, read_axis
from core.network import forecast
from pages.shared import caches, controls
from pages.shared.visitor import visitor

WATCHED = "compare_sweep"
_TRAIN = "the knobs on Train"
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
_SAMPLED = 12  # configs whose forecast stands for all of a sweep


@dataclass(frozen=True)
class Wanted:
    """A sweep as the form has it, ready to start."""

    kind: str
    base: RunConfig
    axes: tuple[Axis, ...]
    configs: list[RunConfig]  # of a grid
    trials: int
    prune: bool


def show(found: list[Row]) -> None:
    """Draws the form; Start queues the runs."""
    with st.container(border=True, key="sweep_form"):
        try:
            wanted = _wanted()
        except ConfigError as error:
            st.warning(str(error), icon=":material/edit:")
            wanted = None
        if wanted:
            st.caption(_outlook(wanted, found))
        if st.button("Start", type="primary", icon=":material/play_arrow:", disabled=wanted is None, key="sweep_start"):
            _start(wanted)


def _wanted() -> Wanted | None:
    """What the widgets say. Raises `ConfigError` for what cannot be tried."""
    kind = st.segmented_control(
        "Try", list(_KINDS), format_func=_KINDS.__getitem__, default=GRID, required=True, key="sweep_kind",
        help="Every combination trains them all. A search lets Optuna propose each next run from what the runs before "
        "it came to.",
    )  # fmt: skip
    base = _base(st.selectbox("All other knobs from", [_TRAIN, *RECIPES], key="sweep_base"))
    knobs = st.multiselect(
        "Knobs to vary", [name for name in KNOBS if name not in ("device", "validate_on")],
        default=["units"], format_func=lambda name: KNOBS[name].label, key="sweep_knobs",
    )  # fmt: skip
    axes = tuple(_axis(name) for name in knobs)
    if not knobs:
        st.info("Choose at least one knob.")
        return None
    if kind == SEARCH:
        return _search(base, axes)
    if set(knobs) != {"seed"}:
        base = search.search_base(base)
    configs = combinations(base, axes)
    return Wanted(GRID, base, axes, configs, len(configs), prune=False)


def _search(base: RunConfig, axes: tuple[Axis, ...]) -> Wanted:
    left, right = st.columns(2, vertical_alignment="bottom")
    trials = left.number_input("Runs", 4, 200, 20, key="sweep_trials")
    prune = right.toggle(
        "Stop poor runs early", value=True, key="sweep_prune",
        help=f"After {search.TRIALS_BEFORE_PRUNING} whole runs, one that is below the median of the others at the same epoch "
        "is stopped (Optuna's MedianPruner).",
    )  # fmt: skip
    search_base = search.search_base(base)
    for axis in axes:  # both ends of every range must be knobs one can train with
        for value in (axis.values[0], axis.values[-1]):
            search_base.changed(**{axis.knob: value})
    return Wanted(SEARCH, search_base, axes, [search_base], int(trials), prune)


def _base(name: str) -> RunConfig:
    return controls.run_config() if name == _TRAIN else RECIPES[name].config


def _axis(knob: str) -> Axis:
    facts = KNOBS[knob]
    example = _EXAMPLES.get(knob) or (
        ", ".join(facts.choices[:3]) if facts.choices else f"{facts.low:g}-{facts.high:g}"
    )
    text = st.text_input(
        facts.label, example, key=f"sweep_values_{knob}",
        help=("A list, such as " + example + ".") if KNOB_TYPES[knob] is str
        else f"A list (64, 128), a range (1-5) or a range with a step (0-0.4 by 0.1). For example {example}.",
    )  # fmt: skip
    axis = read_axis(knob, text)
    if KNOB_TYPES[knob] is not str and "-" in text and len(axis.values) <= 12:
        st.caption(" · ".join(f"{value:g}" for value in axis.values))
    return axis


def _outlook(wanted: Wanted, found: list[Row]) -> str:
    """How many runs there will be, and about how long they take."""
    finished = [row.run for row in found if row.state == "finished"][:30]
    everything = len(caches.data().training)
    picked = np.linspace(0, len(wanted.configs) - 1, min(_SAMPLED, len(wanted.configs))).astype(int)
    sampled = [wanted.configs[place] for place in picked]
    images = [forecast.training_images(config, everything) for config in sampled]
    each = [forecast.forecast(*pair, finished).seconds for pair in zip(sampled, images, strict=True)]
    seconds = wanted.trials * float(np.mean(each))
    long = f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} minutes"
    runs = f"**{wanted.trials} run{'s' if wanted.trials > 1 else ''}**, about {long} of training in all"
    if wanted.kind == SEARCH:
        more = " at most, as poor ones are stopped early" if wanted.prune else ""
        return f"{runs}{more}. Each is judged by its accuracy on 6,000 held-out images; the test set stays sealed."
    if wanted.base.validate_on == "held-out":
        return f"{runs}. Judged by 6,000 held-out images; the test set stays sealed."
    return f"{runs}, each as the recipe has it."


def _start(wanted: Wanted) -> None:
    """Writes the sweep down and queues its runs.

    Nothing is drawn in between: drawing may give way to the visitor's next click, and half a sweep would be queued.
    """
    starter, jobs = visitor(), caches.jobs()  # a search, too, needs somebody who looks after the queue
    try:
        with st.spinner("Queueing the runs …"):
            sweep = SweepStore(caches.store()).create(
                wanted.kind, wanted.base, wanted.axes, trials=wanted.trials, prune=wanted.prune, starter=starter
            )
            if wanted.kind == SEARCH:
                search.start(caches.store(), sweep)
            else:
                for config, name in zip(wanted.configs, described(wanted.configs), strict=True):
                    jobs.submit(config, name=name, sweep=sweep.id, starter=starter)
    except DigitLabError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.session_state[WATCHED] = sweep.id
    st.rerun()
