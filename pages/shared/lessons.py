"""What Train and the class board share about assignments: where they are kept, and who may manage one."""

from core.classroom.assignments import Assignment, AssignmentStore
from core.errors import AssignmentError
from pages.shared import caches
from pages.shared.visitor import current


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
    """Whether this visitor may open, close and delete the assignment."""
    return assignment.may_manage(current())
