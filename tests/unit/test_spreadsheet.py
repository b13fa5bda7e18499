"""All runs as CSV: read back by a stranger, every knob and figure is the run's own, and nothing sealed is told."""

import csv
import io

from core import comparison
from core.comparison import Row
from core.config import KNOBS, RunConfig
from core.runs import RunStore
from core.spreadsheet import COLUMNS, spreadsheet
from core.summaries import Summaries
from tests.made_runs import make


def read(rows: list[Row]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(spreadsheet(rows))))


def row(store: RunStore, config: RunConfig, **made) -> Row:
    return comparison.row_of(make(store, config, **made), store, Summaries(), 10_000)


def test_every_knob_comes_back_as_it_was(tmp_path):
    config = RunConfig(units=77, learning_rate=0.00375, dropout=0.35, network="conv8x3-pool2-dense16")
    (line,) = read([row(RunStore(tmp_path), config)])
    assert set(KNOBS) < set(line)
    assert RunConfig.from_query({name: line[name] for name in KNOBS}) == config


def test_figures_are_numbers_to_reckon_with(tmp_path):
    made = row(RunStore(tmp_path), RunConfig(epochs=4, validate_on="test"), level=0.975, test=0.975)
    (line,) = read([made])
    assert tuple(line) == COLUMNS
    assert float(line["best_validation_accuracy"]) == made.validation == 0.975
    assert (float(line["test_low"]), float(line["test_high"])) == made.test_interval
    assert (line["test_images"], line["epochs_done"], line["parameters"]) == ("10000", "4", "101770")
    assert line["created"].endswith("+00:00")


def test_a_sealed_test_set_stays_sealed(tmp_path):
    (line,) = read([row(RunStore(tmp_path), RunConfig(), test=None)])
    assert line["test_sealed"] == "True"
    assert line["test_accuracy"] == line["test_low"] == line["test_images"] == ""


def test_a_name_is_text_to_a_spreadsheet_and_never_a_formula(tmp_path):
    store = RunStore(tmp_path)
    named = make(store, RunConfig())
    store.update(named.id, name='=HYPERLINK("x"),\n2', note="+ more units")
    (line,) = read([comparison.row_of(store.get(named.id), store, Summaries(), 10_000)])
    assert line["name"] == '\'=HYPERLINK("x"),\n2'
    assert line["note"] == "'+ more units"
