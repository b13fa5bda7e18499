"""Somebody else's `.keras` files that cannot be opened: a sentence says why, and nothing outside them is read."""

import io
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from core.errors import RunError
from core.network.foreign_model import read_foreign
from tests.unit.network.test_foreign_model import NETWORKS, saved, sequential


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
