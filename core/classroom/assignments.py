"""Assignments: a question, the knobs that students may set, and what they predict before they train.

A file keeps one (`assignment_store`), or a link carries it; only a kept assignment can be closed and has a class board.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.classroom.visitors import Visitor
from core.config.run_config import KNOBS, REPLACED_BY_NETWORK, RunConfig
from core.errors import AssignmentError, ConfigError
from core.runs.prediction import MAX_QUESTION, NOTHING, SETTING, Asked, Prediction
from core.runs.run import Run
from core.untrusted import text


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
    renamed: tuple[tuple[str, str], ...] = ()  # earlier words of a choice, which runs have, and its present ones

    @property
    def task(self) -> tuple[object, ...]:
        """What students read and work on: it differs once somebody has edited the assignment."""
        return self.question, self.knobs, self.start, self.asked

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
        if self.id and (changed := self.departures(config)):
            labels = ", ".join(KNOBS[name].label for name in changed)
            raise AssignmentError(
                f"This assignment fixes {labels}. Press “Back to its settings”, then set its own knobs."
            )
        if self.asked.kind == NOTHING:
            return {"assignment": self.id}
        prediction = Prediction(self.question, self.asked, self.asked.check(given))
        return {"assignment": self.id, "prediction": prediction.to_facts()}

    def departures(self, config: RunConfig) -> tuple[str, ...]:
        """The fixed knobs in which a config differs from the start, in the order of the form."""
        changed = set(self.start.differences(config)) - set(self.free_knobs)
        if config.network != self.start.network:
            changed -= set(REPLACED_BY_NETWORK)  # layers set by hand reset these
        return tuple(name for name in KNOBS if name in changed)

    def has(self, run: Run) -> bool:
        """Whether a run belongs to it. A run folder from elsewhere may name it but answer another question."""
        asked = run.prediction.asked if run.prediction else Asked()
        same = (asked.kind, asked.versus) == (self.asked.kind, self.asked.versus)
        return bool(self.id) and run.assignment == self.id and same

    def prediction_of(self, run: Run) -> Prediction | None:
        """The prediction of a run by the present rule: the teacher may have changed it, or the words of a choice."""
        own = run.prediction
        if own is None or not self.has(run):
            return own
        given = own.given if own.given in self.asked.options else dict(self.renamed).get(own.given, own.given)
        return replace(own, asked=self.asked, given=given)

    def may_manage(self, who: Visitor) -> bool:
        """Whether a visitor may edit, open, close and delete it: who made it, and every teacher."""
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
