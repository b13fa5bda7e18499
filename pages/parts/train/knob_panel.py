"""The left side of Train: recipe, Start, the knobs, and the network that they make."""

from collections.abc import Iterable
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.classroom.assignments import Assignment
from core.config import schedules
from core.config.recipes import FIRST_NETWORK, RECIPES, matching_recipe, recipe
from core.config.run_config import DATA, KNOBS, LEARNING, NETWORK, REPLACED_BY_NETWORK, RUN, RunConfig
from core.errors import ConfigError, DigitLabError, LimitError
from core.formatting import count, estimate, plain
from core.network import forecast
from core.network.architecture import layer_table
from core.network.keras_script import script
from core.runs.data_match import DataInUse
from core.runs.run import describe
from pages.parts.train import (
    assignment,
    assignment_editor,
    assignment_maker,
    form_match,
    layer_editor,
    layer_list,
    prediction_box,
    repeat_box,
    watched_run,
)
from pages.parts.train.live_plot import Chart, Series, live_plot
from pages.shared import caches, controls, data_findings, palette
from pages.shared.local_time import run_title
from pages.shared.visitor import current, own, visitor

OWN = "my own"
_GROUPS = (NETWORK, LEARNING, DATA, RUN)
_RECIPE_BOX, _START_FAILED = "recipe_box", "start_failed"  # session: key and value of the recipe box; an error
_NO_BOX = "no recipe box"


def panel() -> None:
    """Draws the knobs. Start makes a run of them."""
    data_findings.show()
    controls.follow_widgets()
    _follow_recipe_box()
    # Containers of their own: what comes and goes in one moves nothing behind it, so the focus stays where it is.
    link_problem, recipe_box, start, problem = (st.container() for _ in range(4))
    with link_problem:
        from_link = controls.from_link()
        editing = assignment_editor.begin()
        work = None if editing else assignment.present()
        if work and from_link:
            assignment.keep_fixed(work)
    with recipe_box:
        if work:
            assignment.show(work)
            prediction_box.setting(work.asked)
            prediction_box.show(work)
        elif not editing:  # the form that edits stands where Start is otherwise
            _recipe()
    if work:
        _knobs(work.knobs)
    else:
        for tab, group in zip(st.tabs(_GROUPS), _GROUPS, strict=True):
            with tab:
                _knobs([name for name, facts in KNOBS.items() if facts.group == group])
    _result(start, problem, work, editing=editing)


def _result(start: DeltaGenerator, problem: DeltaGenerator, work: Assignment | None, *, editing: bool) -> None:
    """What the knobs make: the Start button above them, or the form that edits an assignment, the network below."""
    try:
        config = controls.run_config()
        rows = layer_table(config)
    except ConfigError as error:
        problem.error(error.sentence, icon=":material/error:")
        if not editing:
            with start:
                _start_button(None, forecast.NO_FORECAST, work)
        return
    controls.to_link(config, {} if editing else assignment.query())
    with start:
        if editing:
            assignment_editor.show(config, _offered(KNOBS))
        else:
            _start(config, work)
    layer_list.show(rows)
    program = st.expander("Show as Keras code", icon=":material/code:", key="program", on_change="rerun")
    if program.open:  # the browser loads 1.5 MB to colour it
        program.code(script(config, matching_recipe(config) or describe(config), short=True), language="python")
    if work is None and not editing:
        assignment_maker.maker(config, _offered(KNOBS))


def _knobs(names: list[str]) -> None:
    for name in _offered(names):
        if name == "network":
            layer_editor.editor()
        else:
            controls.knob(name)
    if "schedule" in names:
        _schedule()


def _offered(names: Iterable[str]) -> list[str]:
    """The knobs that have an effect: layers set by hand replace some."""
    by_hand = bool(controls.chosen()["network"])
    return [name for name in names if not (by_hand and name in REPLACED_BY_NETWORK)]


def _recipe() -> None:
    """The recipe that the knobs match, and the choice of another one."""
    try:
        present = matching_recipe(controls.run_config()) or OWN
    except ConfigError:
        present = OWN
    names = [OWN, *RECIPES, *([FIRST_NETWORK.name] if present == FIRST_NETWORK.name else [])]
    key = controls.form().key_of_all(f"recipe_{present}")
    st.selectbox(
        "Recipe",
        names,
        index=names.index(present),
        format_func=lambda name: "My own knobs" if name == OWN else f"{name}: {recipe(name).title}",
        key=key,
        help="A recipe sets all knobs to those of a well-known tutorial. You can then change any of them.",
    )
    st.session_state[_RECIPE_BOX] = (key, present)
    source = recipe(present) if present != OWN else None
    note = st.empty()  # always there: an element more or less would move the knobs, and the focus would be lost
    if source:
        note.caption(f"{source.source}. It reports: {source.reports}.")


def _follow_recipe_box() -> None:
    """Sets the knobs if a recipe was chosen. A callback would be lost if the visitor's next click interrupted it."""
    key, drawn = st.session_state.get(_RECIPE_BOX, (_NO_BOX, OWN))
    name = st.session_state.get(key, drawn)
    if name not in (drawn, OWN):
        st.session_state[_RECIPE_BOX] = (_NO_BOX, OWN)
        controls.choose(recipe(name).config.to_dict())


def _schedule() -> None:
    """The learning rate over the run, before it starts."""
    try:
        config = controls.run_config()
    except ConfigError:
        return
    if config.schedule == "constant":
        return
    total_steps = schedules.total_steps(config, _images(config))
    learning_rates = schedules.learning_rates(config, total_steps)
    shown = np.linspace(0, total_steps - 1, min(total_steps, 200)).astype(int)
    chart = Chart(
        [Series("learning rate", shown.astype(float), learning_rates[shown], palette.TRAINING)],
        generation=f"{config.schedule}:{config.learning_rate}:{total_steps}",
        alt=f"Learning rate from {learning_rates[0]:g} to {learning_rates[-1]:g} over "
        f"{count(total_steps, 'step')}, at most {learning_rates.max():g}",
        x_title="step",
        title="Learning rate over the run",
        height=190,
        legend=False,
    )
    live_plot(chart, key="schedule")
    if config.schedule == "plateau":
        st.caption("It stays there until validation stalls. Then it is divided by ten.")


def _images(config: RunConfig) -> int:
    data = caches.data()
    return forecast.training_images(config, len(data.train) + len(data.validation))


def _start(config: RunConfig, work: Assignment | None) -> None:
    """Start, the time and memory that the run will need, and whether there is an equal run already."""
    caches.jobs().warm_up(config)
    expected = forecast.forecast(config, _images(config), caches.store().runs())
    basis = f"from {count(expected.measured, 'run')} here" if expected.measured else "a guess before the first run here"
    _start_button(config, expected, work)
    st.markdown(
        f":material/timer: about **{estimate(expected.seconds)}** ({basis}) · "
        f":material/memory: **{expected.memory / 2**30:.1f} GiB**"
    )
    _limit(config, expected.seconds)
    if not _equal_run(config, mine_only=work is not None):
        form_match.show_below_start()


def _limit(config: RunConfig, seconds: float) -> None:
    """Says before Start which limit will refuse this run. Start stays as it is: the teacher may raise the limit."""
    try:
        caches.jobs().check_size(config, seconds, current())
    except LimitError as error:
        st.warning(plain(error.sentence), icon=":material/block:")


def _equal_run(config: RunConfig, *, mine_only: bool) -> bool:
    """Whether this very run was trained before. Says so, and offers to open it.

    mine_only: in an assignment, somebody else's run would give away the result before the prediction.
    """
    like = caches.store().find_identical(config, starter=visitor(), data=DataInUse.of(caches.data()))
    if like is not None and mine_only and not own(like):
        return False
    shown = like is not None and like.id in watched_run.requested_runs()
    if like is None or (shown and like.active):
        return like is not None  # it was just started
    with st.container(horizontal=True, vertical_alignment="center", key="same_run"):
        whose = "You have this run already" if own(like) else "This run was started here before"
        st.markdown(f":material/content_copy: {whose}: **{plain(run_title(like))}**. The result would be identical.")
        if not shown:
            st.button("Open it", on_click=watched_run.watch, args=(like.id,), key="open_same")
    return True


def _start_button(config: RunConfig | None, expected: forecast.Forecast, work: Assignment | None) -> None:
    waits = data_findings.undecided()
    with st.container(horizontal=True, gap="small", key="start_row"):
        st.button(
            "Start",
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            disabled=config is None or waits or (work is not None and not work.open),
            help="First decide about the images: fix them, or use them as they are." if waits else None,
            on_click=_submit,
            args=(config, expected.seconds, work),
        )
        if work is None:  # an assignment asks for one run, whose result was predicted
            repeat_box.show(config, expected, disabled=waits)
    for name in (_START_FAILED, repeat_box.FAILED):
        if problem := st.session_state.pop(name, None):
            st.error(plain(problem), icon=":material/error:")


def _submit(config: RunConfig, seconds: float, work: Assignment | None) -> None:
    try:
        # The file again: the teacher may have closed the assignment since the page was drawn.
        facts = assignment.latest(work).submit(config, prediction_box.given(work)) if work else {}
        submit = partial(caches.jobs().submit, config, visitor=current(), forecast_seconds=seconds, **facts)
        watched_run.watch_new(submit)
    except DigitLabError as error:
        st.session_state[_START_FAILED] = error.sentence
