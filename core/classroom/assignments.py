"""Assignments: a question, the knobs that students may set, and what they predict before they train.

assignments/<id>.json   one assignment

A link carries the same without the file; only a kept assignment can be closed and has a class board.
"""

import json
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from core.classroom.visitors import Visitor
from core.config.run_config import KNOBS, REPLACED_BY_NETWORK, RunConfig
from core.errors import AssignmentError, ConfigError
from core.files import exclusive, explain_disk_errors, read_regular, write_json
from core.runs.gate import MAX_TIME
from core.runs.prediction import MAX_QUESTION, NOTHING, SETTING, Asked, Prediction
from core.runs.run import Run
from core.untrusted import number, text, whole

MAX_ASSIGNMENTS, MAX_OF_ONE = 1000, 50  # in one home; of one visitor
MAX_STUDENTS = 1000
_MAX_BYTES = 64 * 1024
_ID = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True)
class Assignment:
    """One assignment. `id` is empty where only a link carries it."""

    question: str
    knobs: tuple[str, ...]  # that students may set, in the order of the form
    start: RunConfig = field(default_factory=RunConfig)
    asked: Asked = field(default_factory=Asked)
    id: str = ""
    author: str = ""  # the visitor who made it
    created: float = 0.0  # seconds since 1970
    open: bool = True  # whether it takes new runs
    hidden_until: int = 0  # the class board hides results until so many students have predicted; 0: it never does
    answer: str = ""  # the choice that the teacher says is right

    @property
    def free_knobs(self) -> tuple[str, ...]:
        """All knobs in which a student's run may differ from the start."""
        versus = self.asked.versus
        return tuple(name for name in KNOBS if name in self.knobs or (versus and name == versus.knob))

    def to_query(self) -> dict[str, str]:
        """The link: it works on this server and, without the class board, on any other."""
        texts = {"assignment": self.id, "only": ",".join(self.knobs), "task": self.question}
        return {
            **self.start.to_query(),
            **{name: words for name, words in texts.items() if words},
            **self.asked.to_texts(),
        }

    def begin(self, config: RunConfig) -> RunConfig:
        """The start, with the values of `config` for the knobs that students may set."""
        mine = {name: getattr(config, name) for name in self.free_knobs}
        try:
            return self.start.changed(**mine)
        except ConfigError:
            return self.start

    def submit(self, config: RunConfig, given: Any) -> dict[str, Any]:
        """The facts of a new run of this assignment; `given` is the prediction.

        Raises `AssignmentError` if it is closed, if a fixed knob was changed, or if the prediction is missing.
        """
        if not self.open:
            raise AssignmentError(
                "Your teacher has closed this assignment: it takes no new runs. "
                "Press “Show all knobs” to train without it."
            )
        changed = set(self.start.differences(config)) - set(self.free_knobs)
        if config.network != self.start.network:
            changed -= set(REPLACED_BY_NETWORK)  # layers set by hand reset these
        if self.id and changed:
            labels = ", ".join(KNOBS[name].label for name in KNOBS if name in changed)
            raise AssignmentError(
                f"This assignment fixes {labels}. Press “Back to its settings”, then set its own knobs."
            )
        if self.asked.kind == NOTHING:
            return {"assignment": self.id}
        prediction = Prediction(self.question, self.asked, self.asked.check(given))
        return {"assignment": self.id, "prediction": prediction.to_facts()}

    def has(self, run: Run) -> bool:
        """Whether a run belongs to it. A run folder from elsewhere may name it but answer another question."""
        asked = run.prediction.asked if run.prediction else Asked()
        return bool(self.id) and run.assignment == self.id and asked == self.asked

    def may_manage(self, who: Visitor) -> bool:
        """Whether a visitor may open, close and delete it: who made it, and every teacher."""
        return who.is_teacher or (bool(self.author) and self.author == who.id)


def checked(question: str, knobs: Iterable[str], start: RunConfig, asked: Asked) -> Assignment:
    """A new assignment. Raises `AssignmentError` if the question or the knobs are missing."""
    names, words = set(knobs), text(question, MAX_QUESTION).strip()
    assignment = Assignment(words, tuple(name for name in KNOBS if name in names), start, asked)
    if not words:
        raise AssignmentError("Write the question of the assignment.")
    if not assignment.free_knobs:
        raise AssignmentError("Choose at least one knob that students can set.")
    if asked.versus and asked.versus.value_of(start) not in asked.versus.values:
        raise AssignmentError("The form must have one of the two settings. Set the knob in the form first.")
    return assignment


def from_link(query: Mapping[str, str], start: RunConfig) -> Assignment | None:
    """The assignment that a link carries; None if it names no knob. Raises `AssignmentError` for a damaged one."""
    asked = Asked.from_texts(query)
    named = query.get("only", "")[:1000].split(",")
    knobs = tuple(name for name in KNOBS if name in named)
    if not knobs and asked.kind != SETTING:
        return None
    return Assignment(text(query.get("task", ""), MAX_QUESTION), knobs, start, asked)


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

    def delete(self, assignment_id: str) -> None:
        """Its runs stay."""
        self.get(assignment_id)
        with explain_disk_errors(self.folder):
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
    )


def _students(value: Any) -> int:
    return whole(value, 0, MAX_STUDENTS)


def _one_of(value: Any, options: Iterable[str]) -> str:
    if value not in tuple(options):
        raise AssignmentError("The right answer must be one of the choices.", value)
    return str(value)
