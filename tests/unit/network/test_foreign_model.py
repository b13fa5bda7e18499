"""Somebody else's `.keras` files as networks of this project's layers: Keras' predictions, without Keras."""

import io
import json
import zipfile
from pathlib import Path

import h5py
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


def two_inputs():
    first, second = keras.Input((28, 28)), keras.Input((28, 28))
    return keras.Model([first, second], layers.Dense(10)(layers.Flatten()(layers.Add()([first, second]))))


def two_outputs():
    image = keras.Input((28, 28))
    flat = layers.Flatten()(image)
    return keras.Model(image, [layers.Dense(10)(flat), layers.Dense(10)(flat)])


def used_twice():
    image, dense = keras.Input((784,)), layers.Dense(784, "relu")
    return keras.Model(image, layers.Dense(10)(dense(dense(image))))


def times_a_number():
    image = keras.Input((784,))
    return keras.Model(image, layers.Dense(10)(image * 2.0))


def network_as_a_layer():
    return sequential(keras.Sequential([layers.Flatten(), layers.Dense(8)]), layers.Dense(10))


def large():
    return sequential(
        layers.Conv2D(512, 5, padding="same"),
        layers.Conv2D(512, 5, padding="same"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(10),
        shape=(28, 28, 1),
    )


REFUSED = {
    "input": (lambda: sequential(layers.Flatten(), layers.Dense(10), shape=(32, 32, 3)), "32 × 32 × 3"),
    "outputs": (lambda: sequential(layers.Flatten(), layers.Dense(11)), "10 outputs"),
    "sigmoid": (lambda: sequential(layers.Flatten(), layers.Dense(10, "sigmoid")), "not with sigmoid"),
    "layer": (lambda: sequential(layers.LSTM(4), layers.Dense(10)), "layer LSTM is not known here. Known are .*Dense"),
    "setting": (
        lambda: sequential(layers.BatchNormalization(axis=1), layers.Flatten(), layers.Dense(10)),
        "BatchNormalization. has axis=1, which is not known",
    ),
    "several inputs": (two_inputs, "several inputs"),
    "several outputs": (two_outputs, "several inputs or outputs"),
    "used twice": (used_twice, "used several times"),
    "a number": (times_a_number, "takes a number that is no layer"),
    "a network as a layer": (network_as_a_layer, "a network as one of its layers"),
    "lambda": (lambda: sequential(layers.Flatten(), layers.Lambda(lambda x: x), layers.Dense(10)), "never executed"),
    "too large": (large, "too large: one image takes .* multiplications"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_where_it_cannot_be_opened_a_sentence_says_why(name, tmp_path):
    make, sentence = REFUSED[name]
    with pytest.raises(RunError, match=sentence):
        read_foreign(saved(make(), tmp_path))


class Theirs(keras.layers.Layer):
    def call(self, values):
        return values


def test_a_layer_of_their_own_is_refused(tmp_path):
    with pytest.raises(RunError, match=r"not one of Keras' own"):
        read_foreign(saved(sequential(layers.Flatten(), Theirs(), layers.Dense(10)), tmp_path))


@pytest.fixture
def sound(tmp_path) -> bytes:
    return saved(NETWORKS["rows of pixels"](), tmp_path)


def with_member(content: bytes, name: str, value: bytes) -> bytes:
    source = zipfile.ZipFile(io.BytesIO(content))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in source.namelist():
            archive.writestr(member, value if member == name else source.read(member))
    return packed.getvalue()


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"\x80\x04."])
def test_other_files_are_refused(content):
    with pytest.raises(RunError, match=r"no \.keras file"):
        read_foreign(content)


@pytest.mark.parametrize("config", [b"", b"[]", b"{}", b"[" * 100_000, b'{"class_name": "Sequential", "config": 7}'])
def test_a_description_that_is_none_is_refused(sound, config):
    with pytest.raises(RunError, match="cannot be"):
        read_foreign(with_member(sound, "config.json", config))


def test_descriptions_damaged_at_random_are_refused_or_read(sound):
    config = zipfile.ZipFile(io.BytesIO(sound)).read("config.json")
    rng = np.random.default_rng(1)
    for _ in range(60):
        damaged = bytearray(config)
        for at in rng.integers(0, len(config), 3):
            damaged[at] = rng.integers(32, 127)
        try:
            read_foreign(with_member(sound, "config.json", bytes(damaged)))
        except RunError:
            continue


def hdf5(change) -> bytes:
    """Weights of the sound network, changed in HDF5."""
    file = io.BytesIO()
    with h5py.File(file, "w") as made:
        change(made)
    return file.getvalue()


def test_weights_in_another_file_are_not_opened(sound, tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as secret:
        secret["0"], secret["1"] = np.ones((784, 16), "f4"), np.ones(16, "f4")
    (tmp_path / "secret.raw").write_bytes(bytes(784 * 16 * 4))

    def external_link(file):
        file["layers/dense/vars"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/")

    def soft_link(file):
        file["secret/0"] = np.ones((784, 16), "f4")
        file["layers/dense/vars"] = h5py.SoftLink("/secret")

    def raw_file(file):
        vars_ = file.create_group("layers/dense/vars")
        file.create_group("layers/dense_1/vars")
        vars_.create_dataset("0", (784, 16), "f4", external=[(str(tmp_path / "secret.raw"), 0, 784 * 16 * 4)])

    for change in (external_link, soft_link, raw_file):
        with pytest.raises(RunError, match="another place"):
            read_foreign(with_member(sound, "model.weights.h5", hdf5(change)))


@pytest.mark.parametrize(
    ("shape", "kind"), [((784, 15), "f4"), ((10**9, 16), "f4"), ((784, 16), "i4"), ((784, 16), "S9")]
)
def test_weights_of_another_shape_or_kind_are_refused_before_they_are_read(sound, shape, kind):
    def change(file):
        file.create_group("layers/dense_1/vars")
        file.create_group("layers/dense/vars").create_dataset("0", shape, kind, chunks=(16, 5), compression="gzip")

    with pytest.raises(RunError, match="has the shape"):
        read_foreign(with_member(sound, "model.weights.h5", hdf5(change)))


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    model = sequential(layers.Flatten(), layers.Dense(10))
    content = saved(model, tmp_path)
    model.weights[1].assign(np.full(10, np.nan, "f4"))
    model.save(tmp_path / "nan.keras")
    assert content
    with pytest.raises(RunError, match="not numbers"):
        read_foreign((tmp_path / "nan.keras").read_bytes())


# As a run


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
