"""Reading the files MNIST comes in, and refusing damaged ones with a sentence. Where they lie is `mnist`'s business.

Two forms: one `.npz` with x_train, y_train, x_test, y_test, or a folder of four IDX files, gzipped or not.
"""

import gzip
import os
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.digits import NUM_CLASSES, Digits
from core.errors import DataError

ARRAYS = ("x_train", "y_train", "x_test", "y_test")
IDX_NAMES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
_READ_ERRORS = (OSError, EOFError, ValueError, KeyError, zlib.error, zipfile.BadZipFile, NotImplementedError)


class TrainTest(NamedTuple):
    """The two halves MNIST is published in: 60,000 and 10,000 digits in the official files."""

    training: Digits
    test: Digits


def read(path: Path) -> TrainTest:
    """The data set at `path`: an `.npz` or a folder of IDX files. Raises `DataError` where there is none to be had."""
    if path.is_dir():
        return _to_train_test(path, {name: _read_idx(find_idx(path, name)) for name in ARRAYS})
    if not path.exists():
        raise DataError(f"There is no MNIST at {path}. Give an .npz file or a folder of the four IDX files.")
    return _to_train_test(path, _read_npz(path))


def has_all_idx(folder: Path) -> bool:
    """Whether the four IDX files lie in `folder`, sound or not."""
    return all(_candidates(folder, name) for name in ARRAYS)


def find_idx(folder: Path, name: str) -> Path:
    """The file in `folder` that holds the array `name`, gzipped or not. Raises `DataError` if it is missing."""
    if found := _candidates(folder, name):
        return found[0]
    raise DataError(
        f"The file {IDX_NAMES[name]} (or {IDX_NAMES[name]}.gz) is missing in {folder}. "
        "Put all four MNIST files there, or fetch the set again."
    )


def _candidates(folder: Path, name: str) -> list[Path]:
    plain = IDX_NAMES[name]
    dotted = plain.replace("-idx", ".idx")  # as some archives name them once unpacked
    return [path for stem in (plain, dotted) for path in (folder / stem, folder / f"{stem}.gz") if path.exists()]


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as file:  # opened here, for np.load forgets to close what is no zip
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                raise _damaged(path, "it is not an .npz archive")
            if missing := [name for name in ARRAYS if name not in archive.files]:
                raise DataError(
                    f"{path} must hold the arrays {', '.join(ARRAYS)}. Missing: {', '.join(missing)}. "
                    "Use the mnist.npz that Keras publishes."
                )
            return {name: archive[name] for name in ARRAYS}
    except MemoryError:
        raise _damaged(path, "the arrays it announces do not fit into memory") from None
    except _READ_ERRORS as error:
        raise _damaged(path, _describe_error(error)) from None


def _read_idx(path: Path) -> np.ndarray:
    """The array of one IDX file: two zero bytes, 8 for uint8, number of axes, each axis as big-endian uint32, data."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except _READ_ERRORS as error:
        raise _damaged(path, _describe_error(error)) from None
    axes = content[3] if len(content) > 3 else 0
    if content[:3] != b"\0\0\x08" or axes not in (1, 3) or len(content) < 4 + 4 * axes:
        raise _damaged(
            path, f"it does not begin like an IDX file of bytes. Received: {content[:4].hex(' ') or 'nothing'}"
        )
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", axes, offset=4))
    expected, received = int(np.prod(shape, dtype=object)), len(content) - 4 - 4 * axes
    if expected != received:
        raise _damaged(path, f"it announces {expected:,} bytes of data. Received: {received:,}")
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _to_train_test(path: Path, arrays: dict[str, np.ndarray]) -> TrainTest:
    try:
        parts = TrainTest(Digits(arrays["x_train"], arrays["y_train"]), Digits(arrays["x_test"], arrays["y_test"]))
    except DataError as error:
        raise DataError(f"{path} is refused: {error}") from None
    for name, digits in zip(("training", "test"), parts, strict=True):
        if len(digits) < NUM_CLASSES:
            raise DataError(
                f"{path} must hold at least {NUM_CLASSES} {name} images. Received: {len(digits)}. "
                "Use the MNIST files as they were published."
            )
    return parts


def _damaged(path: Path, what: str) -> DataError:
    return DataError(f"{path} is damaged or no MNIST file: {what}. Put a sound copy there, or remove it.")


def _describe_error(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "it may not be read"
    if isinstance(error, EOFError):
        return "it is cut short"
    if isinstance(error, ValueError) and "pickle" in str(error).lower():
        return "it holds something else than plain arrays"
    return os.fspath(str(error)).rstrip(".") or type(error).__name__
