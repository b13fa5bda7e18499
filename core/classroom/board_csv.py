"""The class board as CSV: one line for each run, with everything that the board shows."""

from datetime import UTC, datetime

from core.classroom.board import Board, BoardRow
from core.classroom.board_names import BoardNames
from core.config.run_config import KNOBS
from core.formatting import csv_table, csv_text

COLUMNS = (
    "question",
    "run",
    "student",
    "started",
    "state",
    "progress",
    "prediction",
    "accuracy",
    "measured_on",
    "final",
    "met",
    "distance",
    "verdict",
    "best",
    "most_surprising",
    "earlier_settings",
    "other_data",
)


def board_csv(board: Board, names: BoardNames, *, teacher: bool = False) -> str:
    """CSV of all runs, the oldest first, with the knobs that students may set or that were edited since.

    Accuracies, progress and distance are shares in [0, 1], `started` is UTC. A missing figure is empty. `other_data`:
    the run has no rank, because it was trained with another data set than the newest finished run. Names and
    predictions come from students: none of them is a formula in a spreadsheet. teacher: also the name that a student
    gave for the class but does not show on the board.
    """
    shown = {*board.assignment.free_knobs, *(name for row in board.rows for name in row.earlier)}
    knobs, given = [name for name in KNOBS if name in shown], ["given_name"] if teacher else []
    rows: list[list[object]] = [[*COLUMNS, *knobs, *given]]
    for row in board.rows:
        values = [*_line(board, row, names.shown(row.starter)), *(getattr(row.run.config, knob) for knob in knobs)]
        values += [names.given(row.starter)] if teacher else []
        rows.append([csv_text(value) if isinstance(value, str) else value for value in values])
    return csv_table(rows)


def _line(board: Board, row: BoardRow, name: str) -> list[object]:
    started = datetime.fromtimestamp(row.run.created, UTC).isoformat(timespec="seconds")
    reached, verdict = row.reached, row.verdict
    return [
        row.run.prediction.question if row.run.prediction else board.assignment.question,  # as the student read it
        row.run.id,
        name,
        started,
        row.state,
        round(row.progress, 4),
        row.predicted,
        reached.accuracy,
        reached.images if reached.accuracy is not None else None,
        reached.final,
        verdict.met,
        verdict.distance,
        verdict.sentence,
        row is board.best,
        row is board.most_surprising,
        bool(row.earlier),
        board.has_other_data(row),
    ]
