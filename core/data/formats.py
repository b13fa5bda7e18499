"""Reading MNIST files, and refusing damaged ones with a clear sentence. `mnist` decides where to look for them.

Two forms: one `.npz` with x_train, y_train, x_test, y_test, or a folder of four IDX files, gzipped or not.
"""

import gzip
import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.data.reading import only_data_errors
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
# Where a folder may hold the array `name`. Kaggle's archive unpacks to names with a dot, and to folders of these names.
_LAYOUTS: tuple[Callable[[str], str], ...] = (
    lambda name: name,
    lambda name: f"{name}.gz",
    lambda name: name.replace("-idx", ".idx"),
    lambda name: name.replace("-idx", ".idx") + ".gz",
    lambda name: f"{name}/{name}",
    lambda name: f"{name.replace('-idx', '.idx')}/{name.replace('-idx', '.idx')}",
)


class TrainTest(NamedTuple):
    """The two parts in which MNIST is published: 60,000 and 10,000 digits in the official files."""

    training: Digits
    test: Digits


@only_data_errors
def read(path: Path) -> TrainTest:
    """Reads the data set at `path`: an `.npz` or a folder of IDX files. Raises `DataError` if there is no sound one."""
    if path.is_dir():
        return _read_folder(path)
    if not path.exists():
        raise DataError(f"There is no MNIST at {path}. Give an .npz file or a folder of the four IDX files.")
    return _to_train_test(path, _read_npz(path))


def has_all_idx(folder: Path) -> bool:
    """Whether `folder` holds the four IDX files, sound or damaged."""
    return all(_candidates(folder, name) for name in ARRAYS)


def idx_files(folder: Path) -> list[Path]:
    """Every file in `folder` that `read` may look at."""
    return [path for name in ARRAYS for path in _candidates(folder, name)]


def find_idx(folder: Path, name: str) -> Path:
    """The first file in `folder` that should hold the array `name`. Raises `DataError` if there is none."""
    if found := _candidates(folder, name):
        return found[0]
    raise DataError(
        f"The file {IDX_NAMES[name]} (or {IDX_NAMES[name]}.gz) is missing in {folder}. "
        "Put all four MNIST files there, or download the set again."
    )


def _candidates(folder: Path, name: str) -> list[Path]:
    return [path for layout in _LAYOUTS if (path := folder / layout(IDX_NAMES[name])).is_file()]


def _read_folder(folder: Path) -> TrainTest:
    """The first complete and sound set of four files.

    A folder may hold several sets, for example a damaged one beside a new download. Files of one layout belong
    together, so these are tried first; then the first sound file for each array.
    """
    problems: list[DataError] = []
    for layout in _LAYOUTS:
        paths = {name: folder / layout(IDX_NAMES[name]) for name in ARRAYS}
        if all(path.is_file() for path in paths.values()):
            try:
                return _to_train_test(folder, {name: _read_idx(path) for name, path in paths.items()})
            except DataError as error:
                problems.append(error)
    try:
        return _to_train_test(folder, {name: _first_sound(folder, name) for name in ARRAYS})
    except DataError as error:
        raise (problems or [error])[0] from None


def _first_sound(folder: Path, name: str) -> np.ndarray:
    first = find_idx(folder, name)
    for path in _candidates(folder, name)[1:]:
        try:
            return _read_idx(first)
        except DataError:
            first = path
    return _read_idx(first)


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as file:  # opened here: np.load does not close a file that is no zip
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
        raise _damaged(path, "its arrays do not fit into memory") from None
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
        raise _damaged(path, "it does not begin like an IDX file of bytes", content[:4].hex(" ") or "nothing")
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", axes, offset=4))
    expected, received = int(np.prod(shape, dtype=object)), len(content) - 4 - 4 * axes
    if expected != received:
        raise _damaged(path, f"its header announces {expected:,} bytes of data, but it holds {received:,}")
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _to_train_test(path: Path, arrays: dict[str, np.ndarray]) -> TrainTest:
    try:
        parts = TrainTest(Digits(arrays["x_train"], arrays["y_train"]), Digits(arrays["x_test"], arrays["y_test"]))
    except DataError as error:
        raise DataError(f"{path} cannot be used: {error.sentence}", error.received) from None
    for name, digits in zip(("training", "test"), parts, strict=True):
        if len(digits) < NUM_CLASSES:
            raise DataError(
                f"{path} must hold at least {NUM_CLASSES} {name} images. Use the published MNIST files.", len(digits)
            )
    return parts


def _damaged(path: Path, fault: str, *received: object) -> DataError:
    return DataError(f"{path} is damaged or no MNIST file: {fault}. Put a sound copy there, or remove it.", *received)


def _describe_error(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "this program is not allowed to read it"
    if isinstance(error, EOFError):
        return "it is cut short"
    if isinstance(error, ValueError) and "pickle" in str(error).lower():
        return "it holds something other than plain arrays"
    return os.fspath(str(error)).rstrip(".") or type(error).__name__
