"""A pickle of arrays is read without executing it. Everything else in a pickle is refused."""

import gzip
import pickle
import random
from pathlib import Path

import numpy as np
import pytest

from core.data.formats import read
from core.data.pickled import read_pickle
from core.errors import DataError
from tests.unit.data.files_of_data import peak_memory, refused, same


def theano_pickle(arrays, protocol: int = 2) -> bytes:
    """`mnist.pkl` as the Theano tutorials have it: pixels are 1/256, and there is a validation part."""
    flat = {name: (arrays[name].reshape(-1, 784) / 256).astype(np.float32) for name in ("x_train", "x_test")}
    y_train, y_test = (arrays[name].astype(np.int64) for name in ("y_train", "y_test"))
    parts = (flat["x_train"][:30], y_train[:30]), (flat["x_train"][30:], y_train[30:]), (flat["x_test"], y_test)
    return pickle.dumps(parts, protocol)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_a_pickle_of_arrays_is_read_without_executing_it(tmp_path, arrays, protocol):
    (tmp_path / "mnist.pkl.gz").write_bytes(gzip.compress(theano_pickle(arrays, protocol), 1))
    parts = read(tmp_path)
    assert same(parts, arrays)
    assert "Read from a pickle without executing it." in parts.notes


def test_a_pickle_of_python_2_is_read(tmp_path, arrays):
    content = theano_pickle(arrays)
    # Python 2 wrote bytes as text, and NumPy had another name.
    for name in (b"numpy._core.multiarray", b"numpy.core.multiarray"):
        content = content.replace(name, b"numpy.core.multiarray")
    (tmp_path / "mnist.pkl").write_bytes(content)
    assert same(read(tmp_path / "mnist.pkl"), arrays)


def test_a_pickled_dictionary_is_read(tmp_path, arrays):
    names = ("training_images", "training_labels", "test_images", "test_labels")
    named = dict(zip(names, arrays.values(), strict=True))
    (tmp_path / "mnist.pkl").write_bytes(pickle.dumps(named))
    assert same(read(tmp_path), arrays)


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_pickle_with_code_is_refused_and_not_executed(tmp_path, protocol):
    evidence = tmp_path / "executed"
    path = tmp_path / "mnist.pkl"
    for value in (Bomb(evidence), [Bomb(evidence)], {"x_train": Bomb(evidence)}):
        path.write_bytes(pickle.dumps(value, protocol))
        with pytest.raises(DataError, match="nothing is executed"):
            read(path)
    assert not evidence.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"cos\nsystem\n(S'touch executed'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"\x80\x02cnumpy\nload\n(S'x'\ntR.",
        b"\x80\x04\x8c\x05posix\x8c\x06system\x93.",
        b"i__builtin__\neval\n.",
        b"\x80\x02]q\x00h\x00a.",  # a list that holds itself
        b"\x80\x02" + b"]" * 5000 + b"a" * 4999 + b".",
        b"\x80\x02cnumpy\ndtype\n(S'O8'\ntR.",
        b"\x80\x05\x8e\xff\xff\xff\xff\xff\x00\x00\x00.",  # bytes of a length that is not there
        b"r\xff\xff\xff\x7f.",
        b"",
        b"\x80\x02.",
    ],
)
def test_hostile_pickles_are_refused(tmp_path, content):
    (tmp_path / "mnist.pkl").write_bytes(content)
    assert peak_memory(lambda: refused(tmp_path, "mnist.pkl")) < 20 << 20


def test_damaged_pickles_are_refused_or_read_but_nothing_else_happens(tmp_path, arrays):
    """Bytes changed at random, three hundred times: an array, or the project's own error."""
    sound = theano_pickle({name: array[:12] for name, array in arrays.items()})
    generator = random.Random(5)
    path = tmp_path / "mnist.pkl"
    for _ in range(300):
        changed = bytearray(sound)
        for _ in range(generator.randint(1, 6)):
            changed[generator.choice((generator.randrange(len(changed)), generator.randrange(300)))] = (
                generator.randrange(256)
            )
        path.write_bytes(changed[: generator.choice((len(changed), generator.randrange(len(changed))))])
        try:
            read_pickle(path)
        except DataError:
            continue
