"""Writes data sets in the forms that people have, for the tests of this folder; and what these tests ask of them."""

import gzip
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.data.formats import IDX_NAMES, TrainTest, read
from core.errors import DataError


def write_npz(folder: Path, arrays: dict[str, np.ndarray]) -> Path:
    np.savez_compressed(folder / "mnist.npz", **arrays)
    return folder / "mnist.npz"


def idx(array: np.ndarray) -> bytes:
    """The array as an IDX file, put together by hand."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_idx(folder: Path, arrays: dict[str, np.ndarray], *, gzipped: bool) -> Path:
    for name, array in arrays.items():
        content = idx(array)
        suffix = ".gz" if gzipped else ""
        (folder / (IDX_NAMES[name] + suffix)).write_bytes(gzip.compress(content, 1) if gzipped else content)
    return folder


def same(halves, arrays) -> bool:
    found = (halves.training.images, halves.training.labels, halves.test.images, halves.test.labels)
    return all(np.array_equal(a, b) for a, b in zip(found, arrays.values(), strict=True))


def has_all_of(parts: TrainTest, images: np.ndarray, labels: np.ndarray) -> bool:
    """Whether the two parts hold exactly these images with their labels, in any order."""
    found = [
        (image.tobytes(), int(label))
        for digits in parts[:2]
        for image, label in zip(digits.images, digits.labels, strict=True)
    ]
    given = [(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)]
    return sorted(found) == sorted(given)


def refused(path: Path, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        read(path)


def peak_memory(act: Callable[[], object]) -> int:
    """The most bytes that Python and NumPy allocate meanwhile. Modules are imported before."""
    import pandas  # noqa: F401

    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
