"""CSV files for a spreadsheet or pandas: all runs, one line each, and the predictions of a run for every image."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import chain

from core.config.run_config import KNOBS
from core.data.class_names import DIGITS, Names
from core.digits import NUM_CLASSES
from core.evaluation.comparison import RunRow
from core.evaluation.evaluations import Predictions
from core.formatting import csv_table, csv_text
from core.runs.run import manual_rates

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


def runs_csv(found: Iterable[RunRow]) -> str:
    """CSV of the rows (one header line), the knobs as `RunConfig` has them.

    Accuracies are shares in [0, 1], `created` is UTC. Losses and training accuracy belong to the epoch whose weights
    are saved. A missing figure is empty, and so are test figures while the test set is sealed, and the knobs of a
    training that nobody knows. Names and notes may come from other people: a text that a spreadsheet would read as a
    formula starts with an apostrophe.
    """
    return csv_table([COLUMNS, *map(_line, found)])


def predictions_csv(answers: Predictions, names: Names = DIGITS) -> str:
    """CSV of the predictions: a header, then one line for each image. `index` is its place in the split.

    names: of the classes. Labels stay numbers; the columns of the probabilities have the names.
    """
    head = [*PREDICTED[:3], *(csv_text(f"probability_{name}") for name in names)]
    images = zip(answers.labels.tolist(), answers.predicted.tolist(), answers.probabilities.tolist(), strict=True)
    rows = (
        [index, label, predicted, *(f"{share:.7g}" for share in shares)]  # the precision of float32
        for index, (label, predicted, shares) in enumerate(images)
    )
    return csv_table(chain([head], rows))


def _line(row: RunRow) -> list[object]:
    run, summary, ended = row.run, row.summary, row.summary.ended
    low, high = row.test_interval or (None, None)
    created = datetime.fromtimestamp(run.created, UTC).isoformat(timespec="seconds") if run.created else None
    named = [run.id, csv_text(run.name), csv_text(run.note), run.starred, run.recipe, run.sweep, row.state, created]
    validated = [summary.best_validation, summary.last_validation, summary.saved_validation]
    learned = [ended.validation_loss, ended.train_accuracy, ended.train_loss] if ended else [None] * 3
    tested = [row.test, row.test_loss, low, high, row.test_images, row.sealed]
    saved_epoch = (ended.best_epoch or ended.epochs or None) if ended and run.has_model and summary.epochs else None
    trained = [row.parameters, len(summary.epochs), saved_epoch, summary.seconds or None]
    paced = [ended.images_per_second or None if ended else None, manual_rates(run)]
    knobs = [None if name in row.unknown_knobs else getattr(row.config, name) for name in KNOBS]
    return [*named, row.device, *validated, *learned, *tested, *trained, *paced, *knobs]
