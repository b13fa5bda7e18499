"""What Train and the class board share about assignments: where they are kept, who may manage one, and the links."""

from urllib.parse import urlsplit

import streamlit as st

from core.classroom.assignment_store import AssignmentStore
from core.classroom.assignments import Assignment
from core.errors import AssignmentError
from pages.shared import caches, server_guard
from pages.shared.visitor import current

EDIT = "edit"  # parameter of Train's link: the assignment to edit


def assignments() -> AssignmentStore:
    """The assignments of this server."""
    return AssignmentStore(caches.store().home)


def find(assignment_id: str) -> Assignment | None:
    """The assignment of a run; None if it has none, or if it was deleted."""
    try:
        return assignments().get(assignment_id) if assignment_id else None
    except AssignmentError:
        return None


def may_manage(assignment: Assignment) -> bool:
    """Whether this visitor may edit, open, close and delete the assignment."""
    return assignment.may_manage(current())


def is_seen_here_alone() -> bool:
    """Whether the address of this page leads each computer to itself, so that a link with it is of no use to others."""
    return server_guard.is_loopback(urlsplit(st.context.url or "").hostname)


def board_link(assignment: Assignment, label: str = "Class board") -> None:
    """The way to its class board."""
    st.page_link("pages/board.py", label=label, icon=":material/groups:", query_params={"assignment": assignment.id})


def edit_link(assignment: Assignment) -> None:
    """The way to the form that edits it; nothing for who may not."""
    if may_manage(assignment):
        st.page_link("pages/train.py", label="Edit", icon=":material/edit:", query_params={EDIT: assignment.id})
