"""The left side of Train: recipe, knobs, the network they make, what it will take, and Start."""

from collections.abc import Iterable

import numpy as np
import streamlit as st

from core.config import schedules
from core.config.recipes import RECIPES, matching_recipe
from core.config.run_config import DATA, KNOBS, LEARNING, NETWORK, REPLACED_BY_NETWORK, RUN, RunConfig
from core.errors import ConfigError, DigitLabError
from core.network import forecast
from core.network.architecture import LayerRow, shapes
from core.network.keras_script import script
from core.runs.run import describe
from pages.parts.train import assignment, layer_editor, watched_run
from pages.parts.train.live_plot import Series, live_plot
from pages.shared import caches, controls, palette
from pages.shared.local_time import run_title
from pages.shared.visitor import own, visitor

OWN = "my own"
_GROUPS = (NETWORK, LEARNING, DATA, RUN)


def panel() -> None:
    """Draws the knobs; Start makes a run of them."""
    controls.follow_widgets()
    controls.from_link()
    if left := assignment.knobs():
        assignment.show(left)
        _knobs(left)
    else:
        _recipe()
        for tab, group in zip(st.tabs(_GROUPS), _GROUPS, strict=True):
            with tab:
                _knobs([name for name, facts in KNOBS.items() if facts.group == group])
    try:
        config = controls.run_config()
        rows = shapes(config)
    except ConfigError as error:
        st.error(str(error), icon=":material/error:")
        _start_button(None, 0.0)
        return
    controls.to_link(config, assignment.query())
    _before_start(config)
    _layer_table(rows)
    program = st.expander("The same as a program", icon=":material/code:", key="program", on_change="rerun")
    if program.open:  # what colours it is 1.5 MB for the browser
        program.code(script(config, matching_recipe(config) or describe(config)), language="python")
    if not left:
        assignment.maker(config, _offered(KNOBS))


def _knobs(names: list[str]) -> None:
    for name in _offered(names):
        if name == "network":
            layer_editor.editor()
        else:
            controls.knob(name)
    if "schedule" in names:
        _schedule()


def _offered(names: Iterable[str]) -> list[str]:
    """Those of the knobs that make a difference: layers made by hand leave some without."""
    by_hand = bool(controls.chosen()["network"])
    return [name for name in names if not (by_hand and name in REPLACED_BY_NETWORK)]


def _recipe() -> None:
    try:
        present = matching_recipe(controls.run_config()) or OWN
    except ConfigError:
        present = OWN
    names = [OWN, *RECIPES]
    key = f"recipe_{present}"  # a new box for a new recipe, as with the knobs
    st.selectbox(
        "Recipe",
        names,
        index=names.index(present),
        format_func=lambda name: "My own knobs" if name == OWN else f"{name}: {RECIPES[name].title}",
        key=key,
        on_change=_take_recipe,
        args=(key,),
        help="A recipe sets all knobs as a well-known tutorial has them. Change any of them and it is your own.",
    )
    if present != OWN:
        st.caption(f"{RECIPES[present].source}. It reports: {RECIPES[present].reports}.")


def _take_recipe(key: str) -> None:
    name = st.session_state[key]
    if name != OWN:
        controls.choose(RECIPES[name].config.to_dict())


def _schedule() -> None:
    """The learning rate over the run, drawn before it is used."""
    try:
        config = controls.run_config()
    except ConfigError:
        return
    if config.schedule == "constant":
        return
    total_steps = schedules.total_steps(config, _images(config))
    learning_rates = schedules.learning_rates(config, total_steps)
    shown = np.linspace(0, total_steps - 1, min(total_steps, 200)).astype(int)
    live_plot(
        [Series("learning rate", shown.astype(float), learning_rates[shown], palette.TRAINING)],
        key="schedule",
        generation=f"{config.schedule}:{config.learning_rate}:{total_steps}",
        alt=f"Learning rate from {learning_rates[0]:g} to {learning_rates[-1]:g} over {total_steps:,} steps",
        x_title="step",
        title="Learning rate over the run",
        height=190,
        legend=False,
    )
    if config.schedule == "plateau":
        st.caption("It stays there until validation stalls, and is then divided by ten.")


def _images(config: RunConfig) -> int:
    data = caches.data()
    return forecast.training_images(config, len(data.train) + len(data.validation))


def _before_start(config: RunConfig) -> None:
    """What it will take, whether it has been there before, and Start."""
    caches.jobs().warm_up(config)
    told = forecast.forecast(config, _images(config), caches.store().runs())
    runs = f"{told.measured} run{'s' if told.measured > 1 else ''}"
    basis = f"from {runs} here" if told.measured else "a first guess: no run here has been timed yet"
    st.markdown(
        f":material/timer: about **{_duration(told.seconds)}** ({basis}) · "
        f":material/memory: **{told.memory / 2**30:.1f} GiB**"
    )
    _start_button(config, told.seconds)
    _same_run(config)


def _same_run(config: RunConfig) -> None:
    """Points out that this very run was trained before."""
    like = caches.store().like(config, starter=visitor())
    in_sight = like is not None and like.id in watched_run.wanted()
    if like is None or (in_sight and like.active):
        return  # or it was just started
    with st.container(horizontal=True, vertical_alignment="center", key="same_run"):
        whose = "You have this run already" if own(like) else "This run was started here before"
        st.markdown(f":material/content_copy: {whose}: **{run_title(like)}**. It would end the same.")
        if not in_sight:
            st.button("Open it", on_click=watched_run.watch, args=(like.id,), key="open_same")


def _start_button(config: RunConfig | None, seconds: float) -> None:
    st.button(
        "Start",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=config is None,
        on_click=_begin,
        args=(config, seconds),
    )
    if said := st.session_state.pop("start_failed", None):
        st.error(said, icon=":material/error:")


def _begin(config: RunConfig, seconds: float) -> None:
    try:
        starter = visitor()
        watched_run.watch_new(lambda: caches.jobs().submit(config, starter=starter, forecast_seconds=seconds))
    except DigitLabError as error:
        st.session_state["start_failed"] = str(error)


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "1 s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _layer_table(rows: list[LayerRow]) -> None:
    """The network from the image upwards, worked out without TensorFlow."""
    lines = ["| layer | output | parameters | activation |", "|---|---|--:|---|"]
    for row in rows:
        output = " × ".join(map(str, row.output_shape))
        lines.append(f"| {row.name} | {output} | {row.parameters:,} | {row.activation or '–'} |")
    with st.container(key="layers"):
        st.html("<style>.st-key-layers :is(th, td) {padding: .3rem .45rem}</style>")  # else it is too wide for a phone
        st.markdown("\n".join(lines), width="stretch")
    st.caption(f"{sum(row.parameters for row in rows):,} parameters in all")
