"""Edits an assignment with the boxes and the knobs that make a new one: /train?edit=1f2e3d4c

What is not saved yet is still there after a look at another page, because the session keeps it, and after a reload,
because the server keeps it for some hours.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import streamlit as st

from core.classroom import outcome
from core.classroom.assignment_store import EDITED_MEANWHILE, NOT_YOURS
from core.classroom.assignments import Assignment
from core.classroom.board import Board, read_board
from core.classroom.editing import consequences, edited
from core.config.changes import changes
from core.config.run_config import KNOBS, RunConfig
from core.errors import AssignmentError, DigitLabError
from core.formatting import plain
from core.runs.prediction import Asked
from pages.parts.train.assignment_form import AssignmentForm
from pages.shared import caches, controls, lessons
from pages.shared.visitor import current, visitor

_FORM = AssignmentForm("editor")
_DRAFT, _FAILED, _SAVED = "editor_draft", "editor_failed", "editor_saved"  # session


@dataclass
class _Draft:
    """What is being edited. base: the assignment before the edits. boxes, knobs: as they were last shown.

    is_from_before: an earlier session began it.
    """

    base: Assignment
    boxes: dict[str, Any] = field(default_factory=dict)
    knobs: dict[str, Any] = field(default_factory=dict)
    changed: bool = False
    is_from_before: bool = False


@st.cache_resource(ttl=timedelta(hours=12), max_entries=100, show_spinner=False)  # a text would import pandas
def _unsaved(visitor_id: str, assignment_id: str) -> list[_Draft]:
    """The edits that this visitor has not saved yet: one draft, or none. Callers change the list."""
    return []


def begin() -> bool:
    """Whether the link asks to edit an assignment, and this visitor may. At first it fills the form and the knobs."""
    wanted = st.query_params.get(lessons.EDIT, "")
    if not wanted:
        return False
    try:
        saved = lessons.assignments().get(wanted)
    except AssignmentError as error:
        st.error(plain(error.sentence), icon=":material/error:")
        return False
    if not lessons.may_manage(saved):
        st.error(NOT_YOURS, icon=":material/lock:")
        return False
    draft: _Draft | None = st.session_state.get(_DRAFT)
    if draft is None or draft.base.id != saved.id:
        if kept := _unsaved(visitor(), saved.id):
            _put(replace(kept[0], is_from_before=True))
        else:
            _take(saved)
    elif not draft.changed and draft.base.task != saved.task:
        _take(saved)
    elif _FORM.get("question") is None:  # back on this page: Streamlit has forgotten the boxes
        _put(draft)
    return True


def show(config: RunConfig, offered: list[str]) -> None:
    """The form, what the edits do, and the buttons. Students may set those knobs chosen among the `offered` ones."""
    draft: _Draft = st.session_state[_DRAFT]
    saved = lessons.assignments().get(draft.base.id)
    board = read_board(saved, caches.store())
    fixed = saved.asked if board.rows else None
    with st.container(border=True, key="task_editor"):
        st.markdown(":material/edit: **Edit the assignment**")
        _FORM.draw(config, offered, fixed)
        draft.boxes, draft.knobs = _FORM.values(), dict(controls.chosen())
        st.caption("Students start with the knobs below. Those that they cannot set stay fixed.")
        wanted = _effects(board, config, fixed)
        _keep(draft, changed=wanted is None or wanted.task != draft.base.task)
        if draft.changed and draft.is_from_before:
            st.caption(":material/history: These are your edits from before. They are not saved yet.")
        problem = st.session_state.pop(_FAILED, "")
        if saved.task != draft.base.task:
            _conflict(draft, saved, problem or EDITED_MEANWHILE)
        elif problem:
            st.error(plain(problem), icon=":material/error:")
        if st.session_state.pop(_SAVED, False):
            st.success("Saved. Open pages show it in a few seconds.", icon=":material/check:")
        with st.container(horizontal=True, gap="small", vertical_alignment="center", key="editor_buttons"):
            st.button("Save changes", type="primary", icon=":material/save:", on_click=_save, args=(fixed,))
            label = "Close without saving" if draft.changed else "Close"
            st.button(label, icon=":material/close:", on_click=_close, key="editor_close")
            lessons.board_link(saved)


def _effects(board: Board, config: RunConfig, fixed: Asked | None) -> Assignment | None:
    """Says what the edits change, also for the runs that there are. None where they cannot be saved."""
    saved = board.assignment
    try:
        wanted = edited(saved, _FORM.read(config, fixed), [row.run for row in board.rows])
    except AssignmentError as error:
        st.caption(f":material/error: {plain(error.sentence)}")
        return None
    lines = [f"Knobs at the start: {', '.join(found)}." for found in [changes(saved.start, wanted.start)] if found]
    if wanted.task != saved.task:
        lines += consequences(board, read_board(wanted, caches.store()))
    if lines:
        st.info("\n".join(f"* {plain(line)}" for line in lines))
    return wanted


def _conflict(draft: _Draft, saved: Assignment, problem: str) -> None:
    """Somebody else has saved the assignment meanwhile, or another tab: this visitor compares, and takes one."""
    with st.container(border=True, key="editor_conflict"):
        st.warning(plain(problem), icon=":material/group:")
        st.markdown("**The saved one**")
        labels = ", ".join(KNOBS[name].label for name in saved.knobs) or "none"
        choices = [choice.explained for choice in saved.asked.choices] or saved.asked.options.values()
        asked = [*choices, outcome.rule(saved.asked)]
        started = changes(draft.base.start, saved.start)
        lines = [
            f"Question: {saved.question}",
            f"Knobs that students can set: {labels}",
            " · ".join(filter(None, asked)),
        ]
        lines += [f"Knobs at the start: {', '.join(started)}"] if started else []
        st.markdown("\n".join(f"* {plain(line)}" for line in lines if line))
        with st.container(horizontal=True, gap="small", key="editor_choice"):
            st.button("Take the saved one", icon=":material/download:", on_click=_give_up, args=(saved,))
            st.button("Keep mine", icon=":material/person:", on_click=_keep_mine, args=(draft, saved))


def _keep(draft: _Draft, *, changed: bool) -> None:
    """Keeps the edits for a later session, until they are saved. Another tab without edits leaves them there."""
    if changed:
        _unsaved(visitor(), draft.base.id)[:] = [replace(draft, changed=True)]
    elif draft.changed:
        _unsaved(visitor(), draft.base.id).clear()
    draft.changed = changed


def _put(draft: _Draft) -> None:
    """Fills the form and the knobs with edits that are not saved."""
    st.session_state[_DRAFT] = draft
    controls.choose(draft.knobs)
    _FORM.put(draft.boxes)


def _give_up(saved: Assignment) -> None:
    """Drops the edits for the saved assignment."""
    _unsaved(visitor(), saved.id).clear()
    _take(saved)


def _take(saved: Assignment) -> None:
    """Fills the form and the knobs with the saved assignment."""
    st.session_state[_DRAFT] = _Draft(saved)
    st.session_state.pop(_FAILED, None)
    controls.form().choose(saved.start.to_dict())
    _FORM.fill(saved)


def _keep_mine(draft: _Draft, saved: Assignment) -> None:
    """The next Save replaces the saved one, which this visitor has seen."""
    draft.base = saved


def _save(fixed: Asked | None) -> None:
    draft: _Draft = st.session_state[_DRAFT]
    try:
        controls.follow_widgets()  # a knob that was typed just before the click
        wanted = _FORM.read(controls.run_config(), fixed)
        draft.base = lessons.assignments().edit(draft.base, wanted, current(), caches.store())
        st.session_state[_SAVED] = True
    except DigitLabError as error:
        st.session_state[_FAILED] = error.sentence


def _close() -> None:
    """What is not saved is dropped."""
    if draft := st.session_state.pop(_DRAFT, None):
        _unsaved(visitor(), draft.base.id).clear()
    st.query_params.pop(lessons.EDIT, None)
