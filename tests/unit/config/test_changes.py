"""Changes between two configs, in words."""

from core.config.changes import changes
from core.config.run_config import RunConfig


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
