"""The class board: all runs of one assignment, what was predicted, and what they have reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from core.classroom import outcome
from core.classroom.assignments import Assignment
from core.classroom.outcome import Reached, Verdict
from core.config.run_config import KNOBS
from core.runs.data_match import newest_data, same_data
from core.runs.events import FINISHED
from core.runs.prediction import Prediction
from core.runs.run import ACTIVE, Run
from core.runs.store import RunStore


@dataclass(frozen=True, eq=False)
class BoardRow:
    """One run on the board. progress: the trained share, in [0, 1]. settings: its values of the free knobs.

    prediction: by the present rule of the assignment. earlier: the fixed knobs in which it differs from the assignment,
    because somebody has edited the assignment since.
    """

    run: Run
    state: str
    progress: float
    reached: Reached
    verdict: Verdict
    settings: str
    prediction: Prediction | None = None
    earlier: tuple[str, ...] = ()

    @property
    def starter(self) -> str:
        return self.run.starter

    @property
    def predicted(self) -> str:
        """The prediction as its student read it; empty if nothing was asked."""
        return self.run.prediction.shown if self.run.prediction else ""

    @property
    def choice_is_gone(self) -> bool:
        """Whether the assignment no longer offers what was chosen."""
        if self.prediction is None or not (options := self.prediction.asked.options):
            return False
        return self.prediction.given not in options


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
        """The ranked run with the highest accuracy; the first of equal ones."""
        return max(self._ranked, key=lambda row: row.reached.accuracy or 0.0, default=None)

    @cached_property
    def most_surprising(self) -> BoardRow | None:
        """The ranked run whose result is furthest from its prediction, among those that are not met."""
        missed = [row for row in self._ranked if row.verdict.met is False and row.verdict.distance]
        return max(missed, key=lambda row: row.verdict.distance or 0.0, default=None)

    def has_other_data(self, row: BoardRow) -> bool:
        """Whether a finished run was trained with another data set than the newest finished one: it has no rank."""
        return row.reached.final and not same_data(row.run.data_fingerprint, self._data)

    @cached_property
    def with_other_data(self) -> int:
        """How many runs have no rank because of their data set."""
        return sum(map(self.has_other_data, self.rows))

    @cached_property
    def _data(self) -> str:
        """The fingerprint of the data set whose runs are ranked; empty if it is unknown."""
        return newest_data(row.run for row in self.rows if row.reached.final)

    @property
    def _ranked(self) -> list[BoardRow]:
        """The finished runs that can be compared. Runs with earlier settings or another data set cannot."""
        return [row for row in self.rows if row.reached.final and not row.earlier and not self.has_other_data(row)]

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
    result, verdict = result_of(run, store, others, assignment)
    earlier = assignment.departures(run.config)
    settings = [f"{_setting(run, name)} (earlier)" for name in earlier]
    settings += [_setting(run, name) for name in assignment.free_knobs]
    prediction = assignment.prediction_of(run)
    return BoardRow(run, state, _progress(run, state), result, verdict, ", ".join(settings), prediction, earlier)


def result_of(
    run: Run, store: RunStore, others: Sequence[Run], assignment: Assignment | None
) -> tuple[Reached, Verdict]:
    """What a run has reached, and whether its prediction is met, by the present rule of its assignment if it has one.

    others: where the run with the other setting may be.
    """
    prediction, answer = (assignment.prediction_of(run), assignment.answer) if assignment else (run.prediction, "")
    result = outcome.reached(run, store.state(run))
    results = (outcome.reached(each, store.state(each)) for each in outcome.counterparts(run, others))
    final = [each.accuracy for each in results if each.final]
    return result, outcome.judge(prediction, run.config, result, final[-1] if final else None, answer)


def _setting(run: Run, name: str) -> str:
    return f"{KNOBS[name].label} {KNOBS[name].shown(getattr(run.config, name))}"


def _progress(run: Run, state: str) -> float:
    started = run.started
    if state == FINISHED:
        return 1.0
    return min(run.step / (started.batches * started.epochs), 1.0) if started else 0.0
