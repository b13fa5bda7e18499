"""The prediction that an assignment asks for before Start. It is fixed when the run starts."""

from typing import Any

import streamlit as st

from core.classroom import outcome
from core.classroom.assignments import Assignment
from core.classroom.editing import reworded
from core.config.knob import format_value
from core.config.run_config import KNOB_TYPES
from core.formatting import plain
from core.runs.prediction import MAX_TEXT, NOTHING, Asked, Versus
from core.runs.run import Run
from pages.parts.train import watched_run
from pages.shared import caches, controls
from pages.shared.visitor import visitor

_LABEL = "Your prediction"


def setting(asked: Asked) -> None:
    """Where an assignment compares two settings: which of them the next run trains."""
    if (versus := asked.versus) is None:
        return
    now = format_value(controls.chosen()[versus.knob])
    key = controls.form().key_of_all(f"setting_{versus.knob}")
    st.segmented_control(
        "Setting of the next run",
        versus.values,
        default=now if now in versus.values else None,
        format_func=lambda value: plain(versus.shown(value)),
        required=True,
        key=key,
        on_change=_set,
        args=(versus, key),
    )


def show(assignment: Assignment) -> None:
    """Asks for the prediction. A run that has started keeps its own: the next run is asked again."""
    asked = assignment.asked
    if asked.kind == NOTHING or not assignment.open:
        return
    with st.container(border=True, key="prediction"):
        if fixed := fixed_by_first_setting(assignment):
            shown = plain(asked.options[fixed])
            st.markdown(f":material/lock: {_LABEL}: **{shown}**. Your first run has fixed it for both settings.")
            return
        _ask(asked, _key(assignment))
        st.caption(
            f"Predict before you run. Start fixes it; a new run can have another one. {plain(outcome.rule(asked))}"
        )


def given(assignment: Assignment) -> Any:
    """What the visitor has predicted, unchecked; None if nothing. For callbacks too."""
    return fixed_by_first_setting(assignment) or st.session_state.get(_key(assignment))


def follow(before: Assignment, now: Assignment) -> None:
    """Keeps what the visitor has chosen. An edited choice or range makes other buttons, and Streamlit forgets it."""
    key = _key(now)
    chosen = st.session_state.get(key)
    words = reworded(before.asked, now.asked).get(chosen, chosen)
    if words in now.asked.options:
        st.session_state[key] = words


def fixed_by_first_setting(assignment: Assignment) -> str:
    """The visitor's prediction about two settings, once they have trained one of them but not both; else empty."""
    if (versus := assignment.asked.versus) is None:
        return ""
    me = visitor()
    mine = [run for run in caches.store().runs() if run.starter == me and _answers(assignment, run)]
    newest = next(iter(mine), None)
    if newest is None or newest.prediction is None or outcome.counterparts(newest, mine):
        return ""
    now = format_value(controls.chosen()[versus.knob])
    return newest.prediction.given if now == versus.other(versus.value_of(newest.config)) else ""


def _answers(assignment: Assignment, run: Run) -> bool:
    """Whether a run belongs to the assignment; to one that only a link carries, if it answers the same question."""
    if assignment.id or run.assignment or run.prediction is None:
        return assignment.has(run)
    return (run.prediction.question, run.prediction.asked) == (assignment.question, assignment.asked)


def _ask(asked: Asked, key: str) -> None:
    match asked.kind:
        case "number":
            st.number_input(
                f"{_LABEL}: the accuracy at the end, in %",
                0.0,
                100.0,
                None,
                0.1,
                format="%.1f",
                key=key,
                placeholder="A number from 0 to 100",
            )
        case "text":
            st.text_area(_LABEL, max_chars=MAX_TEXT, key=key, height=80, placeholder="What will happen, and why?")
        case _:
            options = asked.options | {choice.words: choice.explained for choice in asked.choices}
            st.radio(_LABEL, list(options), index=None, key=key, format_func=lambda name: plain(options[name]))


def _key(assignment: Assignment) -> str:
    """A new box after each Start: every run is predicted."""
    return f"prediction_{assignment.id}_{watched_run.newest_started()}"


def _set(versus: Versus, key: str) -> None:
    value = st.session_state.get(key)
    if value in versus.values:
        controls.form().set(versus.knob, KNOB_TYPES[versus.knob](value))
