"""Makes an assignment of the present knobs: a question, what students may set, and what they predict."""

from urllib.parse import urlencode, urlsplit

import streamlit as st

from core.classroom.assignments import Assignment, checked
from core.classroom.ready_made import READY_MADE
from core.config.run_config import KNOBS, RunConfig
from core.errors import AssignmentError, DigitLabError
from core.formatting import plain
from core.runs.prediction import (
    CHOICE,
    KINDS,
    MAX_CHOICES,
    MAX_QUESTION,
    MAX_WITHIN,
    MIN_CHOICES,
    MIN_WITHIN,
    NOTHING,
    NUMBER,
    SETTING,
    TEXT,
    WITHIN,
    Asked,
)
from pages.shared import caches, controls, lessons, server_guard
from pages.shared.visitor import visitor
from pages.shared.widget_values import keep

_LABELS = {
    NUMBER: "The accuracy at the end, as a number",
    CHOICE: "One of your choices",
    SETTING: "Which of two settings wins",
    TEXT: "What will happen, in their own words",
    NOTHING: "Nothing",
}
_CHOICES_HELP = (
    f"Write {MIN_CHOICES} to {MAX_CHOICES} choices, one in each line. In brackets you can add the accuracies in % for "
    "which a choice is right: It learns nothing [0-30]. Without them, you say on the class board which one is right."
)
_PLAN, _MADE, _FAILED = "maker_plan", "made_assignment", "maker_failed"  # session
_KNOBS, _FILLED = "maker_knobs", "maker_filled"  # session: the chosen knobs; how often a ready-made one filled the form
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
        st.text_input("Question", max_chars=MAX_QUESTION, key="maker_question", placeholder="How few units reach 95%?")
        present = [name for name in st.session_state.get(_KNOBS, []) if name in offered]
        st.session_state[_KNOBS] = st.multiselect(
            "Knobs that students can set", offered, present, format_func=_label, key=_knobs_key()
        )
        keep("maker_kind", KINDS[0])
        st.selectbox("Before they train, students predict", KINDS, format_func=_LABELS.get, key="maker_kind")
        _details(st.session_state["maker_kind"], config, offered)
        st.caption("All other knobs stay as they are in the form now.")
        st.button("Create the assignment", on_click=_create, args=(config,), icon=":material/school:")
        if problem := st.session_state.pop(_FAILED, ""):
            st.error(plain(problem), icon=":material/error:")
        if made := st.session_state.get(_MADE):
            _show(made)
        st.page_link("pages/board.py", label="All assignments and their class boards", icon=":material/list:")


def _knobs_key() -> str:
    """The key of the box of knobs: a new box for each ready-made assignment that fills it."""
    return f"maker_knobs_{st.session_state.get(_FILLED, 0)}"


def _details(kind: str, config: RunConfig, offered: list[str]) -> None:
    if kind == NUMBER:
        keep("maker_within", WITHIN)
        st.number_input(
            "Met if the result is so many points away at most", MIN_WITHIN, MAX_WITHIN, step=0.1, key="maker_within"
        )
    elif kind == CHOICE:
        st.text_area("Choices", key="maker_choices", help=_CHOICES_HELP, placeholder="It learns nothing [0-30]")
        st.caption(_CHOICES_HELP)
    elif kind == SETTING:
        knob = st.selectbox("Two settings of", offered, format_func=_label, key="maker_versus")
        now = KNOBS[knob].shown(getattr(config, knob))
        st.text_input(f"{_label(knob)}: {plain(now)} or", key="maker_other", placeholder=KNOBS[knob].allowed)


def _show(made: Assignment) -> None:
    """The link of a new assignment, and the way to its class board."""
    st.success(f"Ready: {plain(made.question)}", icon=":material/check:")
    st.caption("The link for students:")
    if server_guard.is_loopback(urlsplit(st.context.url or "").hostname):
        st.caption(
            ":material/info: Only this computer can open this address. For a class, start the server for the network, "
            "open this page under its address there, and share that link."
        )
    st.code(f"{st.context.url or ''}?{urlencode(made.to_query(), safe=',:')}", language=None, wrap_lines=True)
    st.page_link(
        "pages/board.py",
        label="Open the class board",
        icon=":material/groups:",
        query_params={"assignment": made.id},
    )


def _create(config: RunConfig) -> None:
    state = st.session_state
    try:
        asked = Asked.from_texts(_asked_texts(config))
        assignment = checked(state.get("maker_question", ""), state.get(_knobs_key(), []), config, asked)
        state[_MADE] = lessons.assignments().create(assignment, visitor())
    except DigitLabError as error:
        state[_FAILED] = error.sentence
        state.pop(_MADE, None)


def _asked_texts(config: RunConfig) -> dict[str, object]:
    """What the form asks, as texts that `Asked` checks."""
    value = st.session_state.get
    knob, other = value("maker_versus", ""), controls.decimal(value("maker_other", ""))
    if value("maker_kind") == SETTING and ":" in other:
        raise AssignmentError("The value of a setting must not contain a colon.")
    return {
        "predict": value("maker_kind", NOTHING),
        "within": value("maker_within", WITHIN),
        "choices": value("maker_choices", ""),
        "versus": f"{knob}:{getattr(config, knob, '')}:{other}",
    }


def _fill() -> None:
    """Fills the form with a ready-made assignment, and sets all knobs to its start."""
    state = st.session_state
    plan = next((plan for plan in READY_MADE if plan.title == state[_PLAN]), None)
    state.pop(_MADE, None)
    if plan is None:
        return
    made = plan.assignment
    controls.form().choose(made.start.to_dict())
    state["maker_question"], state[_KNOBS] = made.question, list(made.knobs)
    state[_FILLED] = state.get(_FILLED, 0) + 1
    state["maker_kind"], state["maker_within"] = made.asked.kind, made.asked.within
    state["maker_choices"] = "\n".join(map(str, made.asked.choices))
    if versus := made.asked.versus:
        state["maker_versus"] = versus.knob
        state["maker_other"] = versus.other(versus.value_of(made.start))


def _label(name: str) -> str:
    return KNOBS[name].label
