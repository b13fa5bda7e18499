"""All runs as the command line lists them: a table for people, and values for `--json`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from core.evaluation.comparison import RunRow, RunRows
from core.formatting import percent
from core.runs.data_match import DataInUse
from core.runs.store import ACTIVE, WAITING, RunStore
from core.runs.summaries import Summaries

_HEAD = ("RUN", "STATE", "TRAINING", "VALIDATION", "TEST", "NAME")
_ANY_DATA = DataInUse("", 0)  # no data set is read: a list must not need one


def rows(store: RunStore) -> list[RunRow]:
    """Every readable run, newest first, and the model that comes with the project last."""
    return RunRows(store, Summaries()).all(_ANY_DATA)


def table(found: Sequence[RunRow]) -> str:
    """A line for each run, below a line of headings. Accuracies are those of the saved network."""
    lines = [_HEAD, *map(_cells, found)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, cells, widths)).rstrip() for cells in lines)


def values(row: RunRow) -> dict[str, Any]:
    """A run as `--json` prints it, with the names of `train --json`. None: there is no such figure, or it is sealed."""
    run, summary = row.run, row.summary
    created = datetime.fromtimestamp(run.created, UTC).isoformat(timespec="seconds") if run.created else None
    return {
        "run": run.id,
        "name": run.name,
        "recipe": run.recipe or None,
        "state": row.state,
        "created": created,
        "sweep": run.sweep or None,
        "epochs": len(summary.epochs) or (summary.ended.epochs if summary.ended else 0),
        "train_accuracy": _training(row),
        "validation_accuracy": summary.saved_validation,
        "test_accuracy": row.test,
        "test_sealed": row.sealed,
        "fit_seconds": summary.seconds,
        "device": row.device or None,
        "model": str(run.model_path) if run.has_model else None,
        "knobs": {name: None if name in row.unknown_knobs else value for name, value in row.config.to_dict().items()},
    }


def _cells(row: RunRow) -> tuple[str, ...]:
    test = "sealed" if row.sealed else percent(row.test)
    accuracies = (percent(_training(row)), percent(row.summary.saved_validation), test)
    return (row.run.id, _state(row), *accuracies, row.run.title)


def _state(row: RunRow) -> str:
    if row.state in ACTIVE and row.state != WAITING:
        return f"{row.state}, {len(row.summary.epochs)} of {row.config.epochs}"
    return row.state


def _training(row: RunRow) -> float | None:
    ended, epochs = row.summary.ended, row.summary.epochs
    if ended and ended.train_accuracy is not None:
        return ended.train_accuracy
    return epochs[-1].accuracy if epochs else None
