"""What a list or a range means, and the combinations of several."""

import pytest

from core.config.run_config import RunConfig
from core.errors import ConfigError
from core.jobs.sweep_axes import combinations, read_axis


@pytest.mark.parametrize(
    ("knob", "text", "values"),
    [
        ("units", "64, 128, 256, 512", (64, 128, 256, 512)),
        ("units", "64-512", (64, 128, 256, 512)),
        ("units", "100 to 300", (100, 128, 256, 300)),
        ("seed", "1-5", (1, 2, 3, 4, 5)),
        ("seed", "1–3, 7", (1, 2, 3, 7)),
        ("epochs", "2..10 step 4", (2, 6, 10)),
        ("learning_rate", "0.0001-0.1", (0.0001, 0.001, 0.01, 0.1)),
        ("learning_rate", "1e-4 - 1e-2", (0.0001, 0.001, 0.01)),
        ("dropout", "0-0.4 by 0.1", (0.0, 0.1, 0.2, 0.3, 0.4)),
        ("dropout", "0-0.15", (0.0, 0.05, 0.1, 0.15)),
        ("optimizer", "adam, sgd, adam", ("adam", "sgd")),
        ("network", "conv8x3-pool2-dense64, dense32", ("conv8x3-pool2-dense64", "dense32")),
    ],
)
def test_a_text_means_these_values(knob: str, text: str, values: tuple):
    assert read_axis(knob, text).values == values


@pytest.mark.parametrize(
    ("knob", "text"),
    [("units", ""), ("units", "many"), ("units", "0-64"), ("units", "512-64"), ("seed", "1-5000"),
     ("epochs", "1-9 by 0"),
     ("optimizer", "adam, eve"), ("units", "64.5"), ("learning_rate", "1-99")],
)  # fmt: skip
def test_what_cannot_be_tried_is_refused_in_a_sentence(knob: str, text: str):
    with pytest.raises(ConfigError, match="Received"):  # the value, for the log
        read_axis(knob, text)


def test_a_single_range_leaves_a_search_free_between_its_bounds():
    assert read_axis("learning_rate", "0.0001-0.1").bounds == (0.0001, 0.1)
    assert read_axis("epochs", "2-10 by 2").bounds is None
    assert read_axis("units", "64, 128").bounds is None


def test_every_combination_is_made_once():
    axes = [read_axis("units", "64, 128"), read_axis("seed", "1-3")]
    configs = combinations(RunConfig(epochs=2), axes)
    assert [(config.units, config.seed, config.epochs) for config in configs] == [
        (units, seed, 2) for units in (64, 128) for seed in (1, 2, 3)
    ]
    # A network by hand puts the units out of use: what is then the same is trained once.
    same = combinations(RunConfig(network="dense32"), axes)
    assert len(same) == 3


def test_a_sweep_too_large_to_wait_for_is_refused():
    with pytest.raises(ConfigError, match="400 combinations"):
        combinations(RunConfig(), [read_axis("seed", "1-20"), read_axis("epochs", "1-20")])
