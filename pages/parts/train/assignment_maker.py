"""Makes an assignment of the present knobs: a question, what students may set, and what they predict."""

from urllib.parse import urlencode

import streamlit as st

from core.classroom.assignments import Assignment
from core.classroom.ready_made import READY_MADE
from core.config.run_config import RunConfig
from core.errors import DigitLabError
from core.formatting import plain
from pages.parts.train.assignment_form import AssignmentForm
from pages.shared import caches, controls, lessons
from pages.shared.visitor import visitor

_FORM = AssignmentForm("maker")
_PLAN, _MADE, _FAILED = "maker_plan", "made_assignment", "maker_failed"  # session
_NO_PLAN = "My own"
_ALL_TRAINING = 60_000  # images, with the validation images


def maker(config: RunConfig, offered: list[str]) -> None:
    """The form. Students may set those knobs that are chosen among the `offered` ones."""
    form = st.expander("Create an assignment", icon=":material/school:", key="task_maker", on_change="rerun")
    if not form.open:
        return
    with form:
        titles = [_NO_PLAN, *(plan.title for plan in READY_MADE)]
        st.selectbox("Ready-made assignments", titles, key=_PLAN, on_change=_fill)
        if plan := next((plan for plan in READY_MADE if plan.title == st.session_state.get(_PLAN)), None):
            st.caption(f":material/lightbulb: {plan.aim} Change what you like.")
            data = caches.data()
            if len(data.train) + len(data.validation) != _ALL_TRAINING or not data.shows_digits:
                st.caption(
                    ":material/info: Its figures are for all 70,000 MNIST images. This server uses other images."
                )
        _FORM.draw(config, offered)
        st.caption("All other knobs stay as they are in the form now.")
        st.button("Create the assignment", on_click=_create, args=(config,), icon=":material/school:")
        if problem := st.session_state.pop(_FAILED, ""):
            st.error(plain(problem), icon=":material/error:")
        if (made := st.session_state.get(_MADE)) and (now := lessons.find(made.id)):
            _show(now)  # it may have been edited since
        st.page_link("pages/board.py", label="All assignments and their class boards", icon=":material/list:")


def _show(made: Assignment) -> None:
    """The link of a new assignment, and the way to its class board."""
    st.success(f"Ready: {plain(made.question)}", icon=":material/check:")
    st.caption("The link for students:")
    if lessons.is_seen_here_alone():
        st.caption(
            ":material/info: Only this computer can open this address. For a class, start the server for the network, "
            "open this page under its address there, and share that link."
        )
    st.code(f"{st.context.url or ''}?{urlencode(made.to_query(), safe=',:')}", language=None, wrap_lines=True)
    lessons.edit_link(made)
    lessons.board_link(made, "Open the class board")


def _create(config: RunConfig) -> None:
    state = st.session_state
    try:
        state[_MADE] = lessons.assignments().create(_FORM.read(config), visitor())
    except DigitLabError as error:
        state[_FAILED] = error.sentence
        state.pop(_MADE, None)


def _fill() -> None:
    """Fills the form with a ready-made assignment, and sets all knobs to its start."""
    state = st.session_state
    plan = next((plan for plan in READY_MADE if plan.title == state[_PLAN]), None)
    state.pop(_MADE, None)
    if plan is None:
        return
    controls.form().choose(plan.assignment.start.to_dict())
    _FORM.fill(plan.assignment)
