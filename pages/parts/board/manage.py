"""The head of the class board: the question, the link for students, the CSV, and what its teacher can change."""

from collections.abc import Callable
from html import escape

import streamlit as st

from core.classroom.assignment_store import MAX_STUDENTS
from core.classroom.assignments import Assignment
from core.classroom.board import read_board
from core.classroom.board_csv import board_csv
from core.classroom.board_names import BoardNames
from core.errors import DigitLabError
from core.formatting import plain
from pages.parts.board import live_board
from pages.shared import caches, lessons

_PROBLEM = "board_problem"  # session
_UNDECIDED = "Not yet"
_HERE = ". Only this computer can open this address: open the board under its address in the network."
_SHORT = 75  # characters of a question in one line of large letters


def head(assignment: Assignment) -> None:
    """The question in large letters, and the buttons beside it."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="board_head"):
        question, size = escape(assignment.question), "long" if len(assignment.question) > _SHORT else ""
        st.html(
            f'<h2 class="{size}" title="{question}">{question}</h2>'
            f"<p>Students open <b>{escape(_address(assignment))}</b>{_HERE * lessons.is_seen_here_alone()}</p>"
        )
        if is_teacher := lessons.may_manage(assignment):
            _manage(assignment)
        if is_teacher or not live_board.board(assignment.id).hides_results:
            st.download_button(
                "CSV",
                lambda: _csv(assignment.id, teacher=is_teacher),
                f"digit-lab-assignment-{assignment.id}.csv",
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
                help="Everything on this board as a table.",
            )
        st.page_link(
            "pages/train.py",
            label="Train",
            icon=":material/model_training:",
            query_params={"assignment": assignment.id},
        )
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.error(plain(problem), icon=":material/error:")


def _manage(assignment: Assignment) -> None:
    with st.popover("Manage", icon=":material/settings:", width="content"):
        lessons.edit_link(assignment)
        st.caption("Edit: the question, the knobs and what students predict. Its runs stay.")
        if assignment.open:
            _button(assignment, "Close", "lock", {"open": False})
            st.caption("Closed: it takes no new runs. Those that train continue.")
        else:
            _button(assignment, "Open again", "lock_open", {"open": True})
        if assignment.asked.teacher_decides:
            options = ["", *assignment.asked.options]
            answer = st.selectbox("Right choice", options, options.index(assignment.answer), format_func=_shown)
            _button(assignment, "Say which is right", "check", {"answer": answer})
        first, key = assignment.hidden_until, f"hide_{assignment.id}_{assignment.hidden_until}"
        students = st.number_input(
            "Hide results until so many students have predicted", 0, MAX_STUDENTS, first, key=key
        )
        _button(assignment, "Hide until then", "visibility_off", {"hidden_until": int(students)})
        if assignment.hidden_until:
            _button(assignment, "Show results now", "visibility", {"hidden_until": 0})
        st.divider()
        st.caption("Delete: the assignment and its board disappear. The runs stay.")
        st.button("Delete for good", icon=":material/delete:", on_click=_delete, args=(assignment.id,))


def _shown(choice: str) -> str:
    return choice or _UNDECIDED


def _button(assignment: Assignment, label: str, icon: str, values: dict[str, object]) -> None:
    def change() -> None:
        lessons.assignments().change(assignment.id, **values)

    st.button(label, icon=f":material/{icon}:", on_click=_act, args=(assignment.id, change))


def _delete(assignment_id: str) -> None:
    _act(assignment_id, lambda: lessons.assignments().delete(assignment_id))
    st.query_params.pop("assignment", None)


def _act(assignment_id: str, change: Callable[[], None]) -> None:
    """Changes the assignment if this visitor may; the page says why not."""
    try:
        if lessons.may_manage(lessons.assignments().get(assignment_id)):
            change()
            live_board.board.clear()
    except DigitLabError as error:
        st.session_state[_PROBLEM] = error.sentence


def _csv(assignment_id: str, *, teacher: bool) -> str:
    """The table, made when somebody downloads it. Then nothing says who that is: the page has found out before."""
    assignment, store = lessons.assignments().get(assignment_id), caches.store()
    return board_csv(read_board(assignment, store), BoardNames(store.home), teacher=teacher)


def _address(assignment: Assignment) -> str:
    """What students type: this server, and the number of the assignment."""
    base, _, _ = (st.context.url or "/board").partition("/board")
    return f"{base.partition('://')[2] or base}/train?assignment={assignment.id}"
