"""Which form a data set of one's own has, besides IDX: `.npz`, CSV, a pickle, or folders of pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from core.data.class_names import DIGITS, FILE, Names
from core.data.csv_files import Table, is_csv, read_table
from core.data.npz_files import read_npz, rename
from core.data.pickled import is_pickle, read_pickle
from core.data.picture_folders import class_folders, has_classes, read_pictures
from core.errors import DataError

ARRAYS = ("x_train", "y_train", "x_test", "y_test")
TEST_SHARE = 7  # every seventh image is for the test, as in MNIST
_SHUFFLE_SEED = 1998
_SPLIT_NOTE = "One part only: it was shuffled, and every seventh image is in the test set."


class Found(NamedTuple):
    """The four arrays as they are in the files, sentences about them, and the classes' names if the files have them."""

    arrays: dict[str, np.ndarray]
    notes: tuple[str, ...] = ()
    names: Names = ()


def find_form(folder: Path) -> str:
    """The form of the data in `folder`: npz, pickle, csv, pictures; empty if there are none in these forms."""
    files = _files(folder)
    for form, fits in (("npz", _is_npz), ("pickle", is_pickle), ("csv", is_csv)):
        if any(fits(path) for path in files):
            return form
    return "pictures" if has_classes(folder) else ""


def form_of(path: Path) -> str:
    """The form of a file, by its name. A file with another name is read as an `.npz`."""
    return "pickle" if is_pickle(path) else "csv" if is_csv(path) else "npz"


def watched_files(folder: Path) -> list[Path]:
    """The files, and the folders of pictures, whose change means that the data have changed."""
    files = [path for path in _files(folder) if _is_npz(path) or is_pickle(path) or is_csv(path)]
    return files or (class_folders(folder) if has_classes(folder) else [])


def read_form(path: Path) -> Found:
    """Reads a file, or the data in a folder. Raises `DataError` if there are no sound ones."""
    if not path.is_dir():
        form, files = form_of(path), [path]
    else:
        form, files = find_form(path), _files(path)
    match form:
        case "pictures":
            return _from_pictures(path)
        case "csv":
            return _from_csv([one for one in files if is_csv(one)])
        case "pickle":
            return _from_pickle(next(one for one in files if is_pickle(one)))
        case _:
            return _from_npz(next((one for one in files if _is_npz(one)), path))


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name != FILE)


def _is_npz(path: Path) -> bool:
    return path.suffix.lower() == ".npz"


def _split(images: np.ndarray, labels: np.ndarray, notes: Sequence[str] = (), names: Names = ()) -> Found:
    """Two parts from one: shuffled, because such files are often sorted by label."""
    if len(images) != len(labels):
        raise DataError("There must be one label for each image. Use the labels of these images.", len(labels))
    order = np.random.default_rng(_SHUFFLE_SEED).permutation(len(labels))
    is_test = np.arange(len(labels)) % TEST_SHARE == TEST_SHARE - 1
    train, test = order[~is_test], order[is_test]
    arrays = dict(zip(ARRAYS, (images[train], labels[train], images[test], labels[test]), strict=True))
    return Found(arrays, (*notes, _SPLIT_NOTE), names)


def _from_npz(path: Path) -> Found:
    arrays = read_npz(path)
    return Found(arrays) if "x_test" in arrays else _split(arrays["x_train"], arrays["y_train"])


def _from_pictures(folder: Path) -> Found:
    found = read_pictures(folder)
    names = () if found.names == DIGITS else found.names
    note = "Read from folders of pictures."
    if found.test is None:
        return _split(found.training.images, found.training.labels, [note], names)
    # Sorted by class in the folders; the last tenth is held out later, and would hold one class only.
    order = np.random.default_rng(_SHUFFLE_SEED).permutation(len(found.training.labels))
    images, labels = found.training.images[order], found.training.labels[order]
    arrays = (images, labels, found.test.images, found.test.labels)
    return Found(dict(zip(ARRAYS, arrays, strict=True)), (note,), names)


def _from_csv(files: list[Path]) -> Found:
    """One file, or one for training and one for the test. Kaggle's test.csv has no labels, so it is no test set."""
    tables = {path: read_table(path) for path in files[:2]}
    labelled = {path: table for path, table in tables.items() if table.labels is not None}
    notes = ["Read from CSV."]
    for path in tables.keys() - labelled.keys():
        notes.append(f"{path.name} has no labels, so it cannot test a network and is not used.")
    if not labelled:
        raise DataError(
            f"{files[0].name} has no labels, only pixels. Put Kaggle's train.csv beside it: its first column has them."
        )
    if len(labelled) == 1:
        (table,) = labelled.values()
        return _split(table.pixels, _labels(table), notes)
    test = next((path for path in labelled if "test" in path.name.lower()), list(labelled)[-1])
    (train,) = labelled.keys() - {test}
    parts = labelled[train], labelled[test]
    arrays = [array for table in parts for array in (table.pixels, _labels(table))]
    return Found(dict(zip(ARRAYS, arrays, strict=True)), tuple(notes))


def _labels(table: Table) -> np.ndarray:
    assert table.labels is not None
    return table.labels.astype(np.int64) if (table.labels == np.rint(table.labels)).all() else table.labels


def _from_pickle(path: Path) -> Found:
    """Two or three parts (the Theano tutorials hold a validation part, which joins the training part), or names."""
    value = read_pickle(path)
    notes = ("Read from a pickle without executing it.",)
    if isinstance(value, dict):
        arrays = {name: one for name, one in rename(value).items() if isinstance(one, np.ndarray)}
        if set(arrays) == set(ARRAYS):
            return Found(arrays, notes)
    parts = [_pair(part) for part in value] if isinstance(value, tuple) else []
    if len(parts) not in (2, 3) or None in parts:
        raise DataError(
            f"{path.name} must hold training and test images with their labels. Save them with numpy.savez as an "
            ".npz with x_train, y_train, x_test and y_test."
        )
    pairs = [part for part in parts if part]
    training = [np.concatenate(arrays) for arrays in zip(*pairs[:-1], strict=True)]
    return Found(dict(zip(ARRAYS, (*training, *pairs[-1]), strict=True)), notes)


def _pair(part: Any) -> tuple[np.ndarray, np.ndarray] | None:
    if isinstance(part, tuple) and len(part) == 2 and all(isinstance(array, np.ndarray) for array in part):
        return part[0], part[1]
    return None
