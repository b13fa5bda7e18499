"""What a run trains on with the knob `writers`."""

import json

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.data import pen_digits
from core.errors import ConfigError
from core.network import forecast
from core.network.keras_script import script
from core.training.training_images import training_images

TRIANGLE = [0, 0, 60, 0, 20, 100]


@pytest.fixture
def strokes(tmp_path, monkeypatch):
    """A file in which every writer has written one 7."""
    lines = [json.dumps({"label": 7, "writer": writer, "strokes": [TRIANGLE]}) for writer in range(1, 31)]
    (tmp_path / "pens.jsonl").write_text("\n".join(lines))
    monkeypatch.setenv("PEN_DIGITS_PATH", str(tmp_path / "pens.jsonl"))
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "home"))


def test_the_digits_of_so_many_writers_are_added(strokes, tiny_mnist):
    config = RunConfig(writers=4, train_images=500)
    found = training_images(config, tiny_mnist)
    assert len(found.training) == 500 + 4 * 3
    assert found.training.labels[-12:].tolist() == [7] * 12
    assert np.array_equal(found.validation.images, tiny_mnist.validation.images)
    assert found.source.endswith("And 12 drawings of 4 other writers.")


def test_without_the_strokes_the_run_trains_and_says_so(tmp_path, monkeypatch, tiny_mnist):
    monkeypatch.setenv("PEN_DIGITS_PATH", str(tmp_path / "missing"))
    found = training_images(RunConfig(writers=24), tiny_mnist)
    assert len(found.training) == 1000
    assert "Without the pen digits: missing holds no pen digits" in found.source


def test_digits_are_not_added_to_images_of_clothes(strokes, tiny_mnist):
    clothes = tiny_mnist._replace(names=("T-shirt", "Trouser", *map(str, range(8))))
    with pytest.raises(ConfigError, match="writers must be 0 because this data set shows T-shirt, Trouser"):
        training_images(RunConfig(writers=1), clothes)


def test_the_forecast_counts_them():
    config = RunConfig(writers=24, validate_on="none")
    assert forecast.training_images(config, 60_000) == 60_000 + 24 * pen_digits.IMAGES_PER_WRITER
    assert forecast.memory(config) > forecast.memory(RunConfig(validate_on="none"))


def test_the_program_says_that_it_leaves_them_out():
    assert "digits that 24 people drew with a pen" in script(RunConfig(writers=24), "Mine")
