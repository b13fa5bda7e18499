"""Tables to take along, for a spreadsheet or pandas: every run, a line each, and what a run said of every image."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from core.config.run_config import KNOBS
from core.digits import NUM_CLASSES
from core.evaluation.comparison import Row
from core.evaluation.evaluations import Answers
from core.runs.run import rates_by_hand

FIGURES = (
    "best_validation_accuracy",
    "last_validation_accuracy",
    "kept_validation_accuracy",
    "validation_loss",
    "train_accuracy",
    "train_loss",
    "test_accuracy",
    "test_loss",
    "test_low",
    "test_high",
    "test_images",
    "test_sealed",
    "parameters",
    "epochs_done",
    "kept_epoch",
    "seconds",
    "images_per_second",
    "rates_set_by_hand",
)
COLUMNS = ("id", "name", "note", "starred", "recipe", "sweep", "state", "created", "device_used", *FIGURES, *KNOBS)
PREDICTED = ("index", "label", "predicted", *(f"probability_{digit}" for digit in range(NUM_CLASSES)))
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def spreadsheet(found: Iterable[Row]) -> str:
    """CSV of the rows (one header line), the knobs as `RunConfig` has them.

    Accuracies are shares in [0, 1], `created` is UTC. Losses and training accuracy are those of the epoch whose weights
    are kept. A figure that there is none of is empty, and so are test figures
    while the test set is sealed. In names and notes, which others may have written, a text that a spreadsheet would
    take for a formula begins with an apostrophe.
    """
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in found:
        table.writerow(["" if value is None else value for value in _line(row)])
    return written.getvalue()


def predictions(answers: Answers) -> str:
    """CSV of the answers: after the header a line an image, `index` being its place in its split, shares in [0, 1]."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(PREDICTED)
    said = zip(answers.labels.tolist(), answers.predicted.tolist(), answers.probabilities.tolist(), strict=True)
    for index, (label, predicted, shares) in enumerate(said):
        table.writerow([index, label, predicted, *(f"{share:.7g}" for share in shares)])  # as many as float32 holds
    return written.getvalue()


def _line(row: Row) -> list[object]:
    run, summary, ended = row.run, row.summary, row.summary.ended
    low, high = row.test_interval or (None, None)
    created = datetime.fromtimestamp(run.created, UTC).isoformat(timespec="seconds") if run.created else None
    said = [run.id, _plain(run.name), _plain(run.note), run.starred, run.recipe, run.sweep, row.state, created]
    validated = [summary.best_validation, summary.last_validation, summary.kept_validation]
    learnt = [ended.validation_loss, ended.train_accuracy, ended.train_loss] if ended else [None] * 3
    tested = [row.test, row.test_loss, low, high, row.test_images if row.test is not None else None, row.sealed]
    kept = (ended.best_epoch or ended.epochs or None) if ended and run.has_model and summary.epochs else None
    trained = [row.parameters, len(summary.epochs), kept, summary.seconds or None]
    paced = [ended.images_per_second or None if ended else None, rates_by_hand(run)]
    knobs = [getattr(row.config, name) for name in KNOBS]
    return [*said, row.device, *validated, *learnt, *tested, *trained, *paced, *knobs]


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
