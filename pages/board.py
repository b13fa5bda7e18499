"""The class board: all runs of an assignment, live, on one page for a projector."""

import streamlit as st

from core.classroom.assignments import Assignment
from core.errors import AssignmentError
from core.formatting import plain
from pages.parts.board import assignment_list, live_board, manage
from pages.shared import frame, lessons


def _chosen() -> Assignment | None:
    """The assignment of the link; None if it names none, or one that is not there, which is said."""
    if chosen := st.query_params.get("assignment"):
        try:
            return lessons.assignments().get(chosen)
        except AssignmentError as error:
            st.error(plain(error.sentence), icon=":material/error:")
    return None


frame.page("board")
with frame.guard():
    if assignment := _chosen():
        manage.head(assignment)
        live_board.show(assignment)
    else:
        assignment_list.show()
