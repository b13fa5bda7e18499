"""The file of each assignment in the home folder.

assignments/<id>.json   one assignment
"""

import json
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from core.classroom.assignments import Assignment
from core.classroom.editing import edited
from core.classroom.visitors import Visitor
from core.config.run_config import KNOBS, RunConfig
from core.errors import AssignmentError, ConfigError
from core.files import exclusive, explain_disk_errors, read_regular, write_json
from core.runs.gate import MAX_TIME
from core.runs.prediction import MAX_CHOICE, MAX_QUESTION, Asked
from core.runs.store import RunStore
from core.untrusted import number, text, whole

MAX_ASSIGNMENTS, MAX_OF_ONE = 1000, 50  # in one home; of one visitor
MAX_STUDENTS = 1000
NOT_YOURS = "Only the person who made this assignment and the teacher can edit it."
EDITED_MEANWHILE = (
    "The saved assignment has changed since you opened it here, so yours is not saved. Compare both. Then keep yours, "
    "or take the saved one."
)
_MAX_BYTES = 64 * 1024
_ID = re.compile(r"[0-9a-f]{8}")


class AssignmentStore:
    """The assignments in a home folder. Any number of processes may use it at once."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "assignments"

    def create(self, assignment: Assignment, author: str) -> Assignment:
        """Keeps a new assignment. Raises `AssignmentError` if there are too many."""
        present = self.all()
        own = sum(one.author == author for one in present)
        if own >= MAX_OF_ONE or len(present) >= MAX_ASSIGNMENTS:
            most = f"You have made {own} assignments" if own >= MAX_OF_ONE else f"There are {len(present)} assignments"
            raise AssignmentError(f"{most}, which is the most. Delete an old one on its class board.")
        with explain_disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        made = replace(assignment, id=secrets.token_hex(4), author=author, created=time.time())
        self._write(made)
        return made

    def get(self, assignment_id: str) -> Assignment:
        """Raises `AssignmentError` if there is no such assignment, or if its file is damaged."""
        if not _ID.fullmatch(assignment_id) or not os.path.lexists(self._path(assignment_id)):
            raise AssignmentError(
                "This server has no such assignment. Perhaps it was deleted: ask your teacher for a new link.",
                assignment_id[:20],
            )
        try:
            return _read(assignment_id, json.loads(read_regular(self._path(assignment_id), _MAX_BYTES)))
        except (OSError, ValueError, TypeError, RecursionError, AssignmentError, ConfigError) as error:
            raise AssignmentError(
                f"The file of the assignment {assignment_id} is damaged. Delete it, and make the assignment again.",
                str(error)[:200],
            ) from error

    def all(self) -> list[Assignment]:
        """Every readable assignment, the newest first."""
        try:
            names = os.listdir(self.folder)
        except OSError:
            return []
        found = []
        for name in names:
            if name.endswith(".json") and _ID.fullmatch(name.removesuffix(".json")):
                try:
                    found.append(self.get(name.removesuffix(".json")))
                except AssignmentError:
                    continue
        return sorted(found, key=lambda one: (-one.created, one.id))

    def change(self, assignment_id: str, **values: Any) -> Assignment:
        """Sets `open`, `hidden_until` or `answer`. The caller has checked that the visitor may do so."""
        self.get(assignment_id)
        with self._exclusive():
            present = self.get(assignment_id)
            options = ("", *present.asked.options)
            allowed: dict[str, Callable[[Any], Any]] = {
                "open": bool,
                "hidden_until": _students,
                "answer": lambda value: _one_of(value, options),
            }
            changed = replace(present, **{name: allowed[name](value) for name, value in values.items()})
            self._write(changed)
        return changed

    def edit(self, seen: Assignment, wanted: Assignment, who: Visitor, runs: RunStore) -> Assignment:
        """Gives an assignment the question, the knobs, the start and what is asked of `wanted`; all else stays.

        seen: the assignment as the visitor had it before them. Raises `AssignmentError` if it is another one by now, if
        this visitor may not manage it, or if runs have answered it that `wanted` does not fit.
        """
        self.get(seen.id)
        with self._exclusive():
            present = self.get(seen.id)
            if not present.may_manage(who):
                raise AssignmentError(NOT_YOURS)
            if present.task != seen.task:
                raise AssignmentError(EDITED_MEANWHILE)
            changed = edited(present, wanted, [run for run in runs.runs() if present.has(run)])
            self._write(changed)
        return changed

    def delete(self, assignment_id: str) -> None:
        """Its runs stay."""
        self.get(assignment_id)
        with self._exclusive():  # else an edit at the same moment would write the file again
            self._path(assignment_id).unlink(missing_ok=True)

    def _write(self, assignment: Assignment) -> None:
        facts = asdict(assignment) | {"start": assignment.start.to_dict(), "asked": assignment.asked.to_texts()}
        write_json(self._path(assignment.id), {name: value for name, value in facts.items() if name != "id"})

    def _path(self, assignment_id: str) -> Path:
        return self.folder / f"{assignment_id}.json"

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with explain_disk_errors(self.folder), exclusive(self.folder / ".lock"):
            yield


def _read(assignment_id: str, facts: Any) -> Assignment:
    """Checks the content of a file. Raises `ValueError`, `TypeError`, `ConfigError` or `AssignmentError`."""
    if not isinstance(facts, dict) or not all(isinstance(facts.get(name), dict) for name in ("start", "asked")):
        raise ValueError("not an assignment")
    named = facts.get("knobs")
    if not isinstance(named, list):
        raise ValueError("knobs must be a list")
    asked = Asked.from_texts(facts["asked"])
    return Assignment(
        text(facts.get("question"), MAX_QUESTION),
        tuple(name for name in KNOBS if name in named),
        RunConfig.from_dict(facts["start"]),
        asked,
        assignment_id,
        text(facts.get("author", ""), 60),
        number(facts.get("created", 0.0), 0, MAX_TIME),
        facts.get("open", True) is True,
        _students(facts.get("hidden_until", 0)),
        _one_of(facts.get("answer", ""), ("", *asked.options)),
        tuple(_pair(pair, asked) for pair in facts.get("renamed", [])),
    )


def _students(value: Any) -> int:
    return whole(value, 0, MAX_STUDENTS)


def _one_of(value: Any, options: Iterable[str]) -> str:
    if value not in tuple(options):
        raise AssignmentError("The right answer must be one of the choices.", value)
    return str(value)


def _pair(value: Any, asked: Asked) -> tuple[str, str]:
    """Earlier words of a choice, and the present ones."""
    old, new = value
    return text(old, MAX_CHOICE), _one_of(new, asked.options)
