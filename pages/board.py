"""The class board: all runs of an assignment, live, on one page for a projector."""

import streamlit as st

from pages.parts.board import assignment_list, live_board, manage
from pages.shared import frame, lessons

frame.page("board")
with frame.guard():
    if chosen := st.query_params.get("assignment"):
        assignment = lessons.assignments().get(chosen)
        manage.head(assignment)
        live_board.show(assignment)
    else:
        assignment_list.show()
