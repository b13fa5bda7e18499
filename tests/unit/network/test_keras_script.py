"""The Keras program of a run: it runs, and trains the network that Digit Lab trained."""

import ast
import re
import runpy

import keras
import numpy as np
import pytest

from core.augment.redraw import Redrawer
from core.config.layers import LAYER_KINDS
from core.config.recipes import RECIPES, TUTORIALS
from core.config.run_config import KNOBS, RunConfig
from core.config.schedules import learning_rates
from core.data.random_streams import DISTORTIONS, random
from core.network.keras_script import script
from core.network.redraw_source import redraw_source
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


@pytest.mark.parametrize(
    "schedule", [name for name in KNOBS["schedule"].choices if name not in ("constant", "plateau")]
)
def test_its_learning_rate_is_the_one_of_the_run_in_every_step(schedule):
    config = RunConfig(schedule=schedule, learning_rate=0.05, epochs=2, batch_size=10)
    written = re.search(r"(?s)steps = .*?(?=model\.compile)", script(config, ""))[0]
    left = {"keras": keras, "images": range(105)}
    exec(written, left)
    theirs = [float(left["learning_rate"](step)) for step in range(22)]
    assert theirs == pytest.approx(learning_rates(config, 22), rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("name", TUTORIALS)
def test_every_recipe_reads_as_a_program_of_its_own(name):
    program = script(RECIPES[name].config, name)
    compile(program, name, "exec")
    assert "np." not in program
    assert max(map(len, program.splitlines())) <= 120


@pytest.mark.parametrize("name", sorted(set(KNOBS) - {"device"}))
def test_every_knob_changes_the_program_or_what_it_says_of_itself(name):
    base = RunConfig(augmentation=0.5) if name == "unchanged" else RunConfig()
    assert script(base.changed(**{name: OTHER[name]}), "") != script(base, "")


@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_every_kind_of_layer_is_written_as_the_keras_layer_that_trains(kind):
    config = RunConfig(network=f"{EXAMPLES[kind]}-dense8")
    written = re.findall(r"keras\.layers\.(\w+)\(", script(config, ""))
    assert written == [type(layer).__name__ for layer in models.build(config).layers]


def test_what_was_done_by_hand_is_said_to_be_missing():
    program = script(RunConfig(pen=0.5), "Mine", "the learning rate was set to 0.01 in epoch 17")
    told = compile(program, "train.py", "exec").co_consts[0].splitlines()
    assert told[2:] == ["Not in this program: while the run trained, the learning rate was set to 0.01 in epoch 17."]
    assert "Not in this program" not in script(RECIPES["best"].config, "Best")


REDRAWN = RunConfig(
    units=4,
    epochs=2,
    batch_size=100,
    augmentation=0.8,
    pen=0.5,
    styles=0.5,
    unchanged=0.25,
    loss="one-hot",
    validate_on="none",
    seed=5,
)


@pytest.mark.slow
def test_it_trains_on_exactly_the_redrawn_images_of_the_run(run_script, tiny_mnist, monkeypatch):
    seen = []
    real = keras.Sequential.fit

    def fit(model, images, **how):
        seen.append(images.images.copy())
        batches = [images[place] for place in range(len(images))]
        assert [batch.shape for batch, _ in batches] == [(100, 28, 28)] * 5
        return real(model, images, **how)

    monkeypatch.setattr(keras.Sequential, "fit", fit)
    left = run_script(REDRAWN)
    ours = Redrawer(tiny_mnist.train.images[:500], tiny_mnist.train.labels[:500], REDRAWN)
    first, second = (ours.draw_epoch(random(REDRAWN.seed, epoch, DISTORTIONS)) for epoch in (0, 1))
    assert np.array_equal(seen[0], first)
    assert np.array_equal(left["redrawn"](1), second)
    assert not np.array_equal(first, second)
    assert len(left["history"].epoch) == 2


@pytest.mark.slow
def test_each_epoch_of_the_program_trains_on_other_images(run_script):
    drawn = []
    left = run_script(REDRAWN.changed(epochs=3))
    dataset = left["RedrawnImages"]()
    for _ in range(3):
        images, labels = dataset[0]
        assert labels.shape == (100, 10)
        drawn.append(images.copy())
        dataset.on_epoch_end()
    assert not np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[1], drawn[2])


def test_names_of_the_code_that_redraws_never_clash():
    parsed = ast.parse(redraw_source()).body
    names = [node.name for node in parsed if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    for node in parsed:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names += [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
    assert len(names) == len(set(names)), [name for name in names if names.count(name) > 1]
    assert "core" not in {node.module.split(".")[0] for node in parsed if isinstance(node, ast.ImportFrom)}


def test_the_short_form_is_for_reading():
    config = RECIPES["best"].config
    short, whole = script(config, "Best", short=True), script(config, "Best")
    assert "600 lines of NumPy" in short
    assert len(short.splitlines()) < 85 < 650 < len(whole.splitlines()) < 750
    assert script(RunConfig(), "Mine", short=True) == script(RunConfig(), "Mine")


def test_no_name_ends_the_text_it_stands_in():
    program = script(RunConfig(), 'Mine """\nimport os\\')
    assert compile(program, "train.py", "exec").co_consts[0].startswith("Mine ''' import os/: a network")
