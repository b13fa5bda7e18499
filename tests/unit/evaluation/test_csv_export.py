"""Tables as CSV: another program reads them back, every knob and figure is the run's, and nothing sealed is written."""

import csv
import io

import numpy as np
import pytest

from core.config.run_config import KNOBS, RunConfig
from core.evaluation import comparison
from core.evaluation.comparison import RunRow
from core.evaluation.csv_export import COLUMNS, PREDICTED, predictions_csv, runs_csv
from core.evaluation.evaluations import Predictions
from core.runs.events import RateChanged, RunEnded
from core.runs.store import RunStore
from core.runs.summaries import Summaries
from core.runs.timeline import EventFile
from tests.made_runs import make
from tests.unit.evaluation.rows import IN_USE


def read(rows: list[RunRow]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(runs_csv(rows))))


def row(store: RunStore, config: RunConfig, **made) -> RunRow:
    return comparison.build_row(make(store, config, **made), store, Summaries(), IN_USE)


def test_every_knob_comes_back_as_it_was(tmp_path):
    config = RunConfig(units=77, learning_rate=0.00375, dropout=0.35, network="conv8x3-pool2-dense16")
    (line,) = read([row(RunStore(tmp_path), config)])
    assert set(KNOBS) < set(line)
    assert RunConfig.from_query({name: line[name] for name in KNOBS}) == config


def test_figures_are_numbers_to_compute_with(tmp_path):
    made = row(RunStore(tmp_path), RunConfig(epochs=4, validate_on="test"), level=0.975, test=0.975)
    (line,) = read([made])
    assert tuple(line) == COLUMNS
    assert float(line["best_validation_accuracy"]) == made.validation == 0.975
    assert (float(line["test_low"]), float(line["test_high"])) == made.test_interval
    assert (line["test_images"], line["epochs_done"], line["parameters"]) == ("10000", "4", "101770")
    assert line["created"].endswith("+00:00")


def test_no_figure_of_the_run_is_missing(tmp_path):
    store = RunStore(tmp_path)
    run = make(
        store, RunConfig(epochs=4, patience=1, validate_on="test"), level=0.975, test=0.95, outcome="interrupted"
    )
    file = EventFile(run.events_path)
    file.append(RateChanged(20, 3, 1.0, 0.01))
    file.append(RunEnded("finished", "", 9.0, 4, 8.0, 27_000.0, 3, 0.99, 0.03, 0.96, 0.12, 0.96, 0.12))
    file.close()
    run.model_path.write_bytes(b"weights")
    made = comparison.build_row(store.get(run.id), store, Summaries(), IN_USE)
    (line,) = read([made])
    names = ("train_accuracy", "train_loss", "validation_loss", "test_loss", "kept_epoch", "images_per_second")
    assert [float(line[name]) for name in names] == [0.99, 0.03, 0.12, 0.12, 3, 27_000]
    assert float(line["kept_validation_accuracy"]) == made.summary.saved_validation < made.summary.last_validation
    assert line["rates_set_by_hand"] == "0.01 in epoch 3"


def test_a_sealed_test_set_stays_sealed(tmp_path):
    (line,) = read([row(RunStore(tmp_path), RunConfig(), test=None)])
    assert line["test_sealed"] == "True"
    assert line["test_accuracy"] == line["test_low"] == line["test_loss"] == line["test_images"] == ""


def test_a_name_is_text_to_a_spreadsheet_and_never_a_formula(tmp_path):
    store = RunStore(tmp_path)
    named = make(store, RunConfig())
    store.update(named.id, name='=HYPERLINK("x"),\n2', note="+ more units")
    (line,) = read([comparison.build_row(store.get(named.id), store, Summaries(), IN_USE)])
    assert line["name"] == '\'=HYPERLINK("x"), 2'  # one line
    assert line["note"] == "'+ more units"


def test_predictions_lead_to_the_same_figures_again(rng):
    answers = Predictions(
        rng.integers(0, 10, 200).astype(np.uint8), (5 * rng.normal(size=(200, 10))).astype(np.float32)
    )
    lines = list(csv.DictReader(io.StringIO(predictions_csv(answers))))
    assert tuple(lines[0]) == PREDICTED
    assert [int(line["index"]) for line in lines] == list(range(200))
    probabilities = [[float(line[f"probability_{digit}"]) for digit in range(10)] for line in lines]
    labels = [int(line["label"]) for line in lines]
    assert [int(line["predicted"]) for line in lines] == [row.index(max(row)) for row in probabilities]
    assert sum(int(line["predicted"]) == int(line["label"]) for line in lines) == answers.evaluation.right
    loss = -np.mean([np.log(row[label]) for row, label in zip(probabilities, labels, strict=True)])
    assert loss == pytest.approx(answers.evaluation.loss, rel=1e-5)
