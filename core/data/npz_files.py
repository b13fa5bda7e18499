"""`.npz` archives, read with bounded memory: the declared and the real size of each array are checked."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from core.data.conversions import MAX_BYTES
from core.data.reading import only_data_errors
from core.errors import DataError
from core.files import read_limited

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
# Names that other projects use. The first of a group is this project's.
_NAMES = {
    "x_train": ("x_train", "train_images", "train_x", "training_images"),
    "y_train": ("y_train", "train_labels", "train_y", "training_labels"),
    "x_test": ("x_test", "test_images", "test_x"),
    "y_test": ("y_test", "test_labels", "test_y"),
}
_ONE_PART = {"x_train": ("images", "x", "data"), "y_train": ("labels", "y", "target")}


@only_data_errors
def read_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays x_train, y_train, x_test and y_test of an archive; only the first two if it has one part.

    Raises `DataError` if one is missing, damaged or too large.
    """
    with zipfile.ZipFile(path) as archive:
        files = {name.removesuffix(".npy").lower(): name for name in archive.namelist() if name.endswith(".npy")}
        return {name: _read_array(archive, member) for name, member in _choose(path, files).items()}


def rename(arrays: dict[str, Any]) -> dict[str, Any]:
    """The same arrays under this project's names, if they have names that other projects use."""
    known = {other: name for name, others in _NAMES.items() for other in others}
    return {known[name.lower()]: array for name, array in arrays.items() if name.lower() in known}


def _choose(path: Path, files: dict[str, str]) -> dict[str, str]:
    """The member for each array."""
    chosen = {name: next((files[other] for other in others if other in files), "") for name, others in _NAMES.items()}
    if not any(chosen.values()):
        chosen = {name: next((files[one] for one in ones if one in files), "") for name, ones in _ONE_PART.items()}
        if not all(chosen.values()):
            chosen = dict.fromkeys(_NAMES, "")
    if missing := [name for name, member in chosen.items() if not member]:
        raise DataError(
            f"{path} must hold the arrays {', '.join(_NAMES)}. Missing: {', '.join(missing)}. "
            "Use the mnist.npz that Keras publishes."
        )
    return chosen


def _read_array(archive: zipfile.ZipFile, member: str) -> np.ndarray:
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        if version not in _HEADERS:
            raise ValueError(f"{member} has an unknown version of NumPy's format")
        shape, by_column, dtype = _HEADERS[version](stream)
        if dtype.hasobject or dtype.kind not in "uifb":
            raise ValueError("it holds something other than plain arrays")
        size = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if size > MAX_BYTES:
            raise ValueError(f"{member} declares {size:,} bytes, which is too large")
        content = read_limited(stream, size)  # to its end, where the archive checks its checksum
    if len(content) != size:
        raise ValueError(f"{member} declares {size:,} bytes, but it holds {len(content):,}")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if by_column else "C")
