"""Changes between two configs, in words."""

import pytest

from core.config.changes import changes, value_text
from core.config.run_config import KNOB_TYPES, KNOBS, RunConfig
from core.evaluation.comparison import knob_text


def test_each_knob_that_differs_is_named_with_both_values():
    found = changes(RunConfig(units=128), RunConfig(units=16, activation="tanh"))
    assert found == ["Units 128 → 16", "Activation relu → tanh"]
    assert changes(RunConfig(), RunConfig()) == []


def test_a_zero_that_means_all_is_written_as_a_word():
    assert changes(RunConfig(train_images=6000), RunConfig()) == ["Training images 6,000 → all"]


def test_layers_by_hand_are_named_instead_of_the_knobs_that_they_replace():
    found = changes(RunConfig(units=64), RunConfig(network="conv8x3-pool2-dense32", seed=7))
    assert found == ["Hidden layers dense64 → conv8x3-pool2-dense32", f"Seed {RunConfig().seed} → 7"]
    assert changes(RunConfig(network="dense64"), RunConfig(units=64)) == []  # the same network in two ways


@pytest.mark.parametrize("name", KNOBS)
def test_every_whole_number_that_counts_has_thousands_separators(name):
    # Compare's list of differences and its table had 6000, and Train had 6,000.
    knob, kind = KNOBS[name], KNOB_TYPES[name]
    if kind is int and knob.high >= 1000:
        expected = "1000" if name == "seed" else "1,000"
        assert {knob.shown(1000), value_text(name, 1000), knob_text(name, 1000)} == {expected}


def test_a_decimal_number_is_shown_with_all_its_digits():
    assert KNOBS["learning_rate"].shown(0.00123456789) == "0.00123456789"
