"""The Keras program of a run: it runs, and trains the network that Digit Lab trained."""

import re
import runpy

import keras
import numpy as np
import pytest

from core.config.layers import LAYER_KINDS
from core.config.recipes import RECIPES, TUTORIALS
from core.config.run_config import KNOBS, RunConfig
from core.network.keras_script import script
from core.training import models
from tests.unit.config.test_run_config import OTHER

EXAMPLES = {"dense": "dense4", "conv": "conv4x3", "pool": "pool2", "dropout": "dropout0.1", "norm": "norm"}


@pytest.fixture
def run_script(tiny_mnist, tmp_path, monkeypatch):
    """What a program leaves behind: its names, run where MNIST is small."""
    train, test = tiny_mnist.train[:500], tiny_mnist.test[:100]

    def run(config: RunConfig, title: str = "Mine") -> dict:
        given = (train.images, train.labels.copy()), (test.images, test.labels)
        monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: given)
        monkeypatch.chdir(tmp_path)
        (tmp_path / "train.py").write_text(script(config, title), "utf-8")
        return runpy.run_path("train.py")

    return run


@pytest.mark.parametrize(
    "config",
    [
        RECIPES["chollet"].config.changed(epochs=1),
        RunConfig(units=16, dropout=0.25, schedule="cosine", epochs=2, optimizer="momentum", activation="elu"),
        RunConfig(network="conv4x5-norm-pool3-dense16-norm", validate_on="test", epochs=1, optimizer="nadam"),
        RunConfig(hidden_layers=0, schedule="plateau", patience=1, epochs=2, optimizer="adamw", loss="one-hot"),
        RunConfig(units=8, schedule="exponential", optimizer="sgd", train_images=200, wrong_labels=0.5, epochs=1),
    ],
    ids=["chollet", "cosine", "norms", "plateau", "noise"],
)
def test_it_trains_the_same_network_in_the_same_way(run_script, config):
    left = run_script(config)
    made, ours = left["model"], models.build(config)
    assert [type(layer) for layer in made.layers] == [type(layer) for layer in ours.layers]
    assert made.count_params() == ours.count_params()
    assert made.loss == ours.loss
    rate, name = made.optimizer.get_config().pop("learning_rate"), ("name", "learning_rate")
    assert {key: value for key, value in made.optimizer.get_config().items() if key not in name} == {
        key: value for key, value in ours.optimizer.get_config().items() if key not in name
    }
    first = rate["config"]["initial_learning_rate"] if isinstance(rate, dict) else float(np.float32(rate))
    assert first == pytest.approx(config.learning_rate)
    assert len(left["history"].epoch) == config.epochs
    saved = keras.models.load_model("model_trained_again.keras")
    assert saved.predict(np.zeros((1, 28, 28), np.uint8), verbose=0).shape == (1, 10)


def test_it_holds_out_what_digit_lab_holds_out_and_draws_as_many_images(run_script):
    left = run_script(RunConfig(units=4, epochs=1, train_images=200, wrong_labels=0.25))
    assert len(left["validation_images"]) == 50
    assert len(left["images"]) == 200
    assert [len(each) for each in left["every_digit"]] == [20] * 10
    assert len(left["wrong"]) == 50


@pytest.mark.parametrize("few", [3, 105])
def test_it_takes_no_more_images_than_the_run(run_script, few):
    assert len(run_script(RunConfig(units=4, epochs=1, train_images=few))["images"]) == few


def test_as_many_images_as_there_are_is_all_of_them():
    assert "chosen" not in script(RunConfig(train_images=54_000), "")
    assert "chosen" in script(RunConfig(train_images=54_000, validate_on="test"), "")


@pytest.mark.parametrize("name", KNOBS["optimizer"].choices)
def test_its_optimiser_is_the_one_that_trains(name):
    config = RunConfig(optimizer=name, learning_rate=0.00123456789)
    written = re.search(r"optimizer=(.*),", script(config, ""))[1]
    theirs, ours = (eval(written).get_config(), models.optimizer(config).get_config())
    assert {**theirs, "name": ""} == {**ours, "name": ""}


@pytest.mark.parametrize("name", TUTORIALS)
def test_every_recipe_reads_as_a_program_of_its_own(name):
    program = script(RECIPES[name].config, name)
    compile(program, name, "exec")
    assert "np." not in program
    assert max(map(len, program.splitlines())) <= 120


@pytest.mark.parametrize("name", sorted(set(KNOBS) - {"device"}))
def test_every_knob_changes_the_program_or_what_it_says_of_itself(name):
    assert script(RunConfig(**{name: OTHER[name]}), "") != script(RunConfig(), "")


@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_every_kind_of_layer_is_written_as_the_keras_layer_that_trains(kind):
    config = RunConfig(network=f"{EXAMPLES[kind]}-dense8")
    written = re.findall(r"keras\.layers\.(\w+)\(", script(config, ""))
    assert written == [type(layer).__name__ for layer in models.build(config).layers]


def test_what_is_left_out_is_reported():
    program = script(RECIPES["best"].config, "Best")
    assert (
        "Not in this program: Digit Lab redrew the training images for each epoch (augmentation 0.8, pen 0.5" in program
    )


def test_what_was_done_by_hand_is_reported_too():
    program = script(RunConfig(pen=0.5), "Mine", "the learning rate was set to 0.01 in epoch 17")
    told = compile(program, "train.py", "exec").co_consts[0].splitlines()
    assert told[2:] == [
        "Not in this program: Digit Lab redrew the training images for each epoch (pen 0.5).",
        "Not in this program: while the run trained, the learning rate was set to 0.01 in epoch 17.",
    ]


def test_no_name_ends_the_text_it_stands_in():
    program = script(RunConfig(), 'Mine """\nimport os\\')
    assert compile(program, "train.py", "exec").co_consts[0].startswith("Mine ''' import os/: a network")
