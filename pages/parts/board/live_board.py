"""The live part of the class board. All visitors share one reading of the runs in each second."""

import streamlit as st

from core.classroom.assignments import Assignment
from core.classroom.board import Board, read_board
from core.classroom.board_names import BoardNames
from pages.parts.board import markup
from pages.shared import caches, lessons
from pages.shared.fragments import guarded_fragment

REFRESH_SECONDS, IDLE_SECONDS = 1.5, 5.0  # while runs may come or train; afterwards


@st.cache_resource(ttl=1.0, max_entries=100, show_spinner=False)
def board(assignment_id: str) -> Board:
    """The board as it was at most a second ago."""
    return read_board(lessons.assignments().get(assignment_id), caches.store())


def show(assignment: Assignment) -> None:
    """Draws the board, and again and again."""
    st.html(markup.STYLE)
    first = board(assignment.id)
    every = REFRESH_SECONDS if first.assignment.open or first.active else IDLE_SECONDS
    hidden = first.hides_results

    @guarded_fragment(run_every=every)
    def live() -> None:
        now = board(assignment.id)
        if now.assignment != assignment or now.hides_results != hidden:
            st.rerun()  # somebody opened, closed or revealed it: the buttons change too
        st.html(markup.board(now, BoardNames(caches.store().home)))

    live()
