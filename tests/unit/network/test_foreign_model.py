"""Somebody else's `.keras` files as networks of this project's layers: Keras' predictions, without Keras."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from core.errors import RunError
from core.jobs import run_import
from core.network.foreign_model import read_foreign
from core.network.numpy_network import Reader
from core.network.own_layers import ForeignModel
from core.runs.store import RunStore
from core.training import rebuild


def saved(model: keras.Model, folder: Path) -> bytes:
    rng = np.random.default_rng(3)
    for weight in model.weights:  # means and variances of a norm, too, are not what they begin with
        weight.assign(np.asarray(weight) + rng.uniform(0.0, 0.2, weight.shape))
    model.save(folder / "theirs.keras")
    return (folder / "theirs.keras").read_bytes()


def sequential(*layers_after, shape=(28, 28)):
    return keras.Sequential([keras.Input(shape), *layers_after])


def functional():
    image = keras.Input((28, 28, 1))
    values = layers.MaxPooling2D(2)(layers.Conv2D(4, 5, activation="tanh")(image))
    return keras.Model(image, layers.Dense(10, activation="softmax")(layers.Flatten()(values)))


NETWORKS = {
    "quickstart with logits": lambda: sequential(
        layers.Flatten(), layers.Dense(12, "relu"), layers.Dropout(0.2), layers.Dense(10)
    ),
    "rows of pixels": lambda: sequential(layers.Dense(16, "relu"), layers.Dense(10, "softmax"), shape=(784,)),
    "softmax alone": lambda: sequential(layers.Flatten(), layers.Dense(10, "softmax")),
    "keras.io's convnet": lambda: sequential(
        layers.Conv2D(6, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(8, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(10, "softmax"),
        shape=(28, 28, 1),
    ),
    "norms before activations": lambda: sequential(
        layers.Reshape((28, 28, 1)),
        layers.Conv2D(6, 5, strides=1, use_bias=False),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(9),
        layers.BatchNormalization(epsilon=1e-5, scale=False),
        layers.ReLU(),
        layers.Dense(10),
        layers.Softmax(),
    ),
    "functional": functional,
    "no bias": lambda: sequential(layers.Flatten(), layers.Dense(7, "elu", use_bias=False), layers.Dense(10)),
}


def theirs(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Their network's answers to pixels from 0 to 1, as probabilities."""
    pixels = (images / np.float32(255)).reshape(-1, *model.input_shape[1:])
    answers = np.asarray(model(pixels, training=False))
    is_softmax = np.allclose(answers.sum(axis=1), 1, atol=1e-4)
    return answers if is_softmax else np.asarray(keras.ops.softmax(answers))


@pytest.mark.parametrize("name", NETWORKS)
def test_their_network_answers_as_keras_does(name, tmp_path, rng):
    model = NETWORKS[name]()
    found = read_foreign(saved(model, tmp_path))
    assert isinstance(found, ForeignModel)
    images = rng.integers(0, 256, (20, 28, 28), dtype=np.uint8)
    ours = Reader(found.config, found.weights).probabilities(images)
    assert np.allclose(ours, theirs(model, images), atol=1e-4)


@pytest.mark.parametrize(("factor", "offset"), [(255.0, 0.0), (2.0, -1.0), (-1.0, 1.0), (3.2, -0.42)])
@pytest.mark.parametrize("name", ["rows of pixels", "keras.io's convnet", "norms before activations"])
def test_another_scaling_of_the_input_moves_into_the_weights(name, factor, offset, tmp_path, rng):
    model = NETWORKS[name]()
    found = read_foreign(saved(model, tmp_path))
    assert isinstance(found, ForeignModel)
    images = rng.integers(0, 256, (5, 28, 28), dtype=np.uint8)
    scaled = (images / np.float32(255)) * np.float32(factor) + np.float32(offset)
    expected = theirs(model, scaled * 255)
    ours = Reader(found.config, found.for_input(factor, offset)).probabilities(images)
    assert np.allclose(ours, expected, atol=2e-3)


def test_their_rescaling_layer_is_read(tmp_path):
    model = sequential(layers.Rescaling(1 / 127.5, offset=-1), layers.Flatten(), layers.Dense(10))
    found = read_foreign(saved(model, tmp_path))
    assert isinstance(found, ForeignModel)
    assert found.scales_itself
    assert found.scaling == (1 / 127.5, -1)


@pytest.mark.slow
@pytest.mark.parametrize("divisor", [255.0, 1.0, 127.5])
def test_the_scaling_is_found_and_said(divisor, tmp_path, embedded, monkeypatch):
    monkeypatch.setattr(run_import, "_rebuild", rebuild.rebuild)
    offset = -1.0 if divisor == 127.5 else 0.0
    model = sequential(layers.Flatten(), layers.Dense(32, "relu"), layers.Dense(10, "softmax"))
    model.compile("adam", "sparse_categorical_crossentropy")
    pixels = embedded.train.images / np.float32(divisor) + np.float32(offset)
    model.fit(pixels, embedded.train.labels, epochs=8, verbose=0)
    model.save(tmp_path / "my network.keras")
    content = (tmp_path / "my network.keras").read_bytes()
    found = run_import.import_file(RunStore(tmp_path), "my network.keras", content, embedded, visitor="ddddeeeeffff")
    assert {255.0: "from 0 to 1", 1.0: "from 0 to 255", 127.5: "from -1 to 1"}[divisor] in found.sentence
    assert (found.run.name, found.run.state, found.run.starter) == ("my network", "finished", "ddddeeeeffff")
    expected = np.asarray(model(embedded.test.images / np.float32(divisor) + np.float32(offset)))
    assert np.allclose(Reader.of(found.run).probabilities(embedded.test.images), expected, atol=1e-3)


def test_a_network_that_knows_no_digits_is_refused_with_what_to_do(tmp_path, embedded):
    model = sequential(layers.Flatten(), layers.Dense(10))
    with pytest.raises(RunError, match="recognises only"):
        run_import.import_file(RunStore(tmp_path), "x.keras", saved(model, tmp_path), embedded)
    assert json.dumps([path.name for path in (tmp_path / "runs").iterdir()]) == "[]"
