"""The class board: all runs of one assignment, what was predicted, and what they have reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from core.classroom import outcome
from core.classroom.assignments import Assignment
from core.classroom.outcome import Reached, Verdict
from core.config.run_config import KNOBS
from core.runs.events import FINISHED
from core.runs.run import ACTIVE, Run
from core.runs.store import RunStore


@dataclass(frozen=True, eq=False)
class BoardRow:
    """One run on the board. progress: the trained share, in [0, 1]. settings: its values of the free knobs."""

    run: Run
    state: str
    progress: float
    reached: Reached
    verdict: Verdict
    settings: str

    @property
    def starter(self) -> str:
        return self.run.starter

    @property
    def predicted(self) -> str:
        """The prediction as people read it; empty if nothing was asked."""
        return self.run.prediction.shown if self.run.prediction else ""


@dataclass(frozen=True, eq=False)
class Board:
    """The runs of an assignment, the oldest first."""

    assignment: Assignment
    rows: Sequence[BoardRow]

    @cached_property
    def students(self) -> list[list[BoardRow]]:
        """The rows of each student. A student keeps the place of their first run, so that nobody moves."""
        found: dict[str, list[BoardRow]] = {}
        for row in self.rows:
            found.setdefault(row.starter, []).append(row)
        return list(found.values())

    @cached_property
    def best(self) -> BoardRow | None:
        """The finished run with the highest accuracy; the first of equal ones."""
        finished = [row for row in self.rows if row.reached.final]
        return max(finished, key=lambda row: row.reached.accuracy or 0.0, default=None)

    @cached_property
    def most_surprising(self) -> BoardRow | None:
        """The run whose result is furthest from its prediction, among those that are not met."""
        missed = [row for row in self.rows if row.verdict.met is False and row.verdict.distance]
        return max(missed, key=lambda row: row.verdict.distance or 0.0, default=None)

    @property
    def active(self) -> int:
        """How many runs wait or train."""
        return sum(row.state in ACTIVE for row in self.rows)

    @property
    def met(self) -> int:
        return sum(row.verdict.met is True for row in self.rows)

    @property
    def judged(self) -> int:
        return sum(row.verdict.met is not None for row in self.rows)

    @property
    def hides_results(self) -> bool:
        """Whether not enough students have predicted yet."""
        return len(self.students) < self.assignment.hidden_until


def read_board(assignment: Assignment, store: RunStore) -> Board:
    """The present board. It reads only what was written since the last call, and no model."""
    runs = sorted((run for run in store.runs() if assignment.has(run)), key=lambda run: (run.created, run.id))
    return Board(assignment, [build_row(run, assignment, store, runs) for run in runs])


def build_row(run: Run, assignment: Assignment, store: RunStore, others: Sequence[Run]) -> BoardRow:
    """One run. others: where the run with the other setting may be."""
    state = store.state(run)
    result, verdict = result_of(run, store, others, assignment.answer)
    settings = ", ".join(
        f"{KNOBS[name].label} {KNOBS[name].shown(getattr(run.config, name))}" for name in assignment.free_knobs
    )
    return BoardRow(run, state, _progress(run, state), result, verdict, settings)


def result_of(run: Run, store: RunStore, others: Sequence[Run], answer: str = "") -> tuple[Reached, Verdict]:
    """What a run has reached, and whether its prediction is met. answer: the choice that the teacher says is right."""
    result = outcome.reached(run, store.state(run))
    results = (outcome.reached(each, store.state(each)) for each in outcome.counterparts(run, others))
    final = [each.accuracy for each in results if each.final]
    return result, outcome.judge(run, result, final[-1] if final else None, answer)


def _progress(run: Run, state: str) -> float:
    started = run.started
    if state == FINISHED:
        return 1.0
    return min(run.step / (started.batches * started.epochs), 1.0) if started else 0.0
