"""Reading data sets, and refusing damaged ones with a clear sentence. `mnist` decides where to look for them.

Forms: a folder of four IDX files, gzipped or not, is read here; `other_forms` reads an `.npz`, CSV files, a pickle and
folders of pictures. Arrays of other shapes and ranges are converted (`conversions`), and notes say how.
"""

import gzip
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple, cast

import numpy as np

from core.data.class_names import Names, read_names
from core.data.conversions import MAX_BYTES, to_images, to_labels
from core.data.other_forms import ARRAYS as ARRAYS
from core.data.other_forms import find_form, read_form, watched_files
from core.data.reading import damaged, only_data_errors
from core.digits import NUM_CLASSES, Digits
from core.errors import DataError
from core.files import read_limited

IDX_NAMES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


def _emnist(kind: str, suffix: str, name: str) -> str:
    return f"{kind}{name.replace('t10k', 'test')}{suffix}"


# Where a folder may hold the array `name`. Kaggle's archive unpacks to names with a dot, and to folders of these names.
_LAYOUTS: tuple[Callable[[str], str], ...] = (
    lambda name: name,
    lambda name: f"{name}.gz",
    lambda name: name.replace("-idx", ".idx"),
    lambda name: name.replace("-idx", ".idx") + ".gz",
    lambda name: f"{name}/{name}",
    lambda name: f"{name.replace('-idx', '.idx')}/{name.replace('-idx', '.idx')}",
    *(partial(_emnist, kind, suffix) for kind in ("emnist-digits-", "emnist-mnist-") for suffix in ("", ".gz")),
)


class TrainTest(NamedTuple):
    """The two parts in which MNIST is published: 60,000 and 10,000 digits in the official files.

    notes: sentences that say how the data were converted. names: of the classes, if the files have them; else empty.
    """

    training: Digits
    test: Digits
    notes: tuple[str, ...] = ()
    names: Names = ()


@only_data_errors
def read(path: Path) -> TrainTest:
    """Reads the data set at `path`, a file or a folder. Raises `DataError` if there is no sound one."""
    if not path.exists():
        raise DataError(
            f"There is no MNIST at {path}. Give a file (.npz, .csv, .pkl.gz), or a folder with the four IDX files or "
            "with a folder of pictures for each class."
        )
    names = read_names(path if path.is_dir() else path.parent) or ()
    if path.is_dir() and (_idx_candidates(path) or not find_form(path)):
        return _read_idx_folder(path)._replace(names=names)
    found = read_form(path)
    parts = _to_train_test(path, found.arrays)
    return parts._replace(notes=(*found.notes, *parts.notes), names=names or found.names)


def has_data(folder: Path) -> bool:
    """Whether `folder` holds a complete set of IDX files or data in another form, sound or damaged."""
    return all(_candidates(folder, name) for name in ARRAYS) or bool(find_form(folder))


def data_files(folder: Path) -> list[Path]:
    """Every file in `folder` that `read` may look at; for pictures, their folders."""
    names = [path] if (path := folder / "labels.txt").is_file() else []
    return (_idx_candidates(folder) or watched_files(folder)) + names


def gzipped_idx(folder: Path) -> dict[str, Path]:
    """The four gzipped IDX files as they are published; empty if the folder does not hold them."""
    paths = {name: folder / f"{IDX_NAMES[name]}.gz" for name in ARRAYS}
    return paths if all(path.is_file() for path in paths.values()) else {}


def find_idx(folder: Path, name: str) -> Path:
    """The first file in `folder` that should hold the array `name`. Raises `DataError` if there is none."""
    if found := _candidates(folder, name):
        return found[0]
    raise DataError(
        f"The file {IDX_NAMES[name]} (or {IDX_NAMES[name]}.gz) is missing in {folder}. "
        "Put all four MNIST files there, or download the set again."
    )


def _idx_candidates(folder: Path) -> list[Path]:
    return [path for name in ARRAYS for path in _candidates(folder, name)]


def _candidates(folder: Path, name: str) -> list[Path]:
    return [path for layout in _LAYOUTS if (path := folder / layout(IDX_NAMES[name])).is_file()]


def _read_idx_folder(folder: Path) -> TrainTest:
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


@only_data_errors
def _read_idx(path: Path) -> np.ndarray:
    """The array of one IDX file: two zero bytes, 8 for uint8, number of axes, each axis as big-endian uint32, data."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        content = read_limited(cast(IO[bytes], file), MAX_BYTES)
    axes = content[3] if len(content) > 3 else 0
    if content[:3] != b"\0\0\x08" or axes not in (1, 3) or len(content) < 4 + 4 * axes:
        raise damaged(path, "it does not begin like an IDX file of bytes", content[:4].hex(" ") or "nothing")
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", axes, offset=4))
    expected, received = int(np.prod(shape, dtype=object)), len(content) - 4 - 4 * axes
    if expected != received:
        raise damaged(path, f"its header announces {expected:,} bytes of data, but it holds {received:,}")
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _to_train_test(path: Path, arrays: Mapping[str, np.ndarray]) -> TrainTest:
    try:
        images = to_images([arrays["x_train"], arrays["x_test"]])
        labels = to_labels([arrays["y_train"], arrays["y_test"]])
        training, test = (Digits(*pair) for pair in zip(images.arrays, labels.arrays, strict=True))
    except DataError as error:
        raise DataError(f"{path} cannot be used: {error.sentence}", error.received) from None
    for name, digits in (("training", training), ("test", test)):
        if len(digits) < NUM_CLASSES:
            raise DataError(
                f"{path} must hold at least {NUM_CLASSES} {name} images. Use the published MNIST files.", len(digits)
            )
    return TrainTest(training, test, (*images.notes, *labels.notes))
