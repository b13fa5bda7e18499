"""Networks that somebody opened from a `.keras` file: nothing is said about a training that nobody knows."""

import csv
import io

import pytest

from core.config.run_config import KNOBS, NETWORK, RunConfig
from core.evaluation import grouping, run_listing
from core.evaluation.csv_export import runs_csv
from core.evaluation.run_export import model_card
from tests.unit.evaluation.rows import OPEN, compared, opened, row

LAYERS = RunConfig(network="dense32", validate_on="none")


def test_unknown_knobs_are_those_of_training_and_of_foreign_layers_all(store, summaries):
    training = {name for name, knob in KNOBS.items() if knob.group != NETWORK}
    assert opened(store, summaries, LAYERS).unknown_knobs == training
    assert opened(store, summaries, OPEN, foreign=True).unknown_knobs == set(KNOBS)
    assert row(store, summaries, LAYERS).unknown_knobs == set()


def test_a_comparison_names_no_value_that_nobody_knows(store, summaries):
    # It said "Epochs 5", "Units 128" and "Training time 0.0 s" of each network from a file.
    own = row(store, summaries, RunConfig(units=8, epochs=2, train_images=1000))
    for theirs in (opened(store, summaries, LAYERS), opened(store, summaries, OPEN, foreign=True)):
        found = compared(theirs, own)
        shown = {each.what: (each.first, each.second) for each in found.differences}
        assert shown["Epochs"] == ("–", "2")
        assert shown["Units"] == ("–", "8")
        assert shown["Training images"] == ("–", "1,000")
        assert {each.what: each.first for each in found.results}["Training time"] == ""
        assert "Theirs may have been trained on the validation images" in found.obstacle
    assert "Layers by hand" in {each.what for each in compared(opened(store, summaries, LAYERS), own).differences}


def test_tables_leave_unknown_knobs_empty(store, summaries):
    theirs = opened(store, summaries, LAYERS)
    (line,) = csv.DictReader(io.StringIO(runs_csv([theirs])))
    assert (line["network"], line["epochs"], line["optimizer"]) == ("dense32", "", "")
    knobs = run_listing.values(theirs)["knobs"]
    assert (knobs["network"], knobs["epochs"], knobs["optimizer"]) == ("dense32", None, None)


def test_they_are_in_no_group_of_a_knob(store, summaries):
    theirs, own = opened(store, summaries, LAYERS), row(store, summaries)
    first, second = grouping.group_by_knob([theirs, own], "epochs")
    assert first.rows == [own]
    assert (second.rows, second.title) == ([theirs], "Epochs is not known: opened from a file · 1 run")


@pytest.mark.parametrize("foreign", [False, True])
def test_the_card_does_not_say_that_they_were_trained_here(store, summaries, foreign):
    card = model_card(opened(store, summaries, LAYERS, foreign=foreign).run)
    assert "opened from a file in Digit Lab" in card
    assert "trained on MNIST" not in card
    assert "the same knobs and Keras" not in card
