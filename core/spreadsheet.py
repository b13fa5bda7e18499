"""Every run as one table, for a spreadsheet or pandas: a line a run, and a column a figure or knob."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from core.comparison import Row
from core.config import KNOBS

FIGURES = (
    "best_validation_accuracy",
    "last_validation_accuracy",
    "test_accuracy",
    "test_low",
    "test_high",
    "test_images",
    "test_sealed",
    "parameters",
    "epochs_done",
    "seconds",
)
COLUMNS = ("id", "name", "note", "starred", "recipe", "sweep", "state", "created", "device_used", *FIGURES, *KNOBS)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def spreadsheet(found: Iterable[Row]) -> str:
    """CSV of the rows (one header line), the knobs as `RunConfig` has them.

    Accuracies are shares in [0, 1], `created` is UTC. A figure that there is none of is empty, and so are test figures
    while the test set is sealed. In names and notes, which others may have written, a text that a spreadsheet would
    take for a formula begins with an apostrophe.
    """
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in found:
        table.writerow(["" if value is None else value for value in _line(row)])
    return written.getvalue()


def _line(row: Row) -> list[object]:
    run, summary = row.run, row.summary
    low, high = row.test_interval or (None, None)
    created = datetime.fromtimestamp(run.created, UTC).isoformat(timespec="seconds") if run.created else None
    said = [run.id, _plain(run.name), _plain(run.note), run.starred, run.recipe, run.sweep, row.state, created]
    tested = [row.test, low, high, row.test_images if row.test is not None else None, row.sealed]
    trained = [row.parameters, len(summary.epochs), summary.seconds or None]
    knobs = [getattr(row.config, name) for name in KNOBS]
    return [*said, row.device, summary.best_validation, summary.last_validation, *tested, *trained, *knobs]


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
