"""Folders of pictures by class: `train/0/….png` and `test/0/….png`, or only `0/….png` that are split here."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from core.data.class_names import DIGITS, Names, checked_names
from core.data.conversions import MAX_IMAGES
from core.digits import NUM_CLASSES, SIDE
from core.errors import DataError

_TRAIN, _TEST = ("train", "training", "trainingset"), ("test", "testing", "testset")
_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
_MAX_FILE = 100_000  # bytes; 28×28 pixels have a few hundred


class Pictures(NamedTuple):
    """images: uint8 (n, 28, 28), labels: uint8 (n,)."""

    images: np.ndarray
    labels: np.ndarray


class PictureSet(NamedTuple):
    """test: None where the folder has no test pictures."""

    training: Pictures
    test: Pictures | None
    names: Names  # the names of the folders


def has_classes(folder: Path) -> bool:
    """Whether the folder, or its training folder, has one folder for each of ten classes."""
    return len(_classes(_part(folder, _TRAIN) or folder)) == NUM_CLASSES


def class_folders(folder: Path) -> list[Path]:
    """Every folder that `read_pictures` reads."""
    parts = [part for kind in (_TRAIN, _TEST) if (part := _part(folder, kind))] or [folder]
    return [parts_class for part in parts for parts_class in _classes(part)]


def read_pictures(folder: Path) -> PictureSet:
    """Reads every picture. Raises `DataError` for a picture of another size, or one that cannot be read."""
    training = _part(folder, _TRAIN) or folder
    classes = _classes(training)
    names = checked_names([path.name for path in classes])
    test = _part(folder, _TEST) if training != folder else None
    if test and [path.name for path in _classes(test)] != [path.name for path in classes]:
        raise DataError(
            f"The folders in {test.name} must have the same names as those in {training.name}. Rename or move them."
        )
    return PictureSet(_read(classes), _read(_classes(test)) if test else None, names)


def _part(folder: Path, names: Sequence[str]) -> Path | None:
    """The folder of a part; some archives have it twice, one in the other (`trainingSet/trainingSet`)."""
    for path in _folders(folder):
        if path.name.lower() in names:
            inner = _part(path, names)
            return inner or path
    return None


def _classes(folder: Path) -> list[Path]:
    """The folders of the classes: 0 to 9, or ten other names in alphabetical order."""
    found = _folders(folder)
    by_digit = {path.name: path for path in found}
    if set(DIGITS) <= set(by_digit):
        return [by_digit[digit] for digit in DIGITS]
    return found


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [folder / name for name in sorted(names) if not name.startswith((".", "_"))]


def _files(folder: Path) -> Iterator[str]:
    with os.scandir(folder) as entries:
        found = [
            entry.path
            for entry in entries
            if entry.is_file(follow_symlinks=False) and entry.name.lower().endswith(_SUFFIXES)
        ]
    return iter(sorted(found))


def _read(classes: Sequence[Path]) -> Pictures:
    images, labels = [], []
    for label, folder in enumerate(classes):
        for path in _files(folder):
            images.append(_picture(Path(path)))
            labels.append(label)
            if len(images) > MAX_IMAGES:
                raise DataError(f"A data set may have at most {MAX_IMAGES:,} images. Use a part of them.")
    return Pictures(np.array(images, np.uint8).reshape(-1, SIDE, SIDE), np.array(labels, np.uint8))


def _picture(path: Path) -> np.ndarray:
    """One picture in grey. Its size is checked before its pixels are unpacked."""
    place = f"{path.parent.name}/{path.name}"
    try:
        if path.stat().st_size > _MAX_FILE:
            raise DataError(
                f"The picture {place} is too large for {SIDE}×{SIDE} pixels. Make it smaller, or remove it."
            )
        with Image.open(path, formats=("PNG", "JPEG", "BMP")) as picture:
            if picture.size != (SIDE, SIDE):
                width, height = picture.size
                raise DataError(
                    f"The picture {place} must have {SIDE}×{SIDE} pixels, and not {width}×{height}. "
                    "Resize all pictures to this size."
                )
            if picture.mode.startswith(("I", "F")):
                raise DataError(f"The picture {place} must have 8 bits for each pixel. Save it again with 8 bits.")
            return np.asarray(picture.convert("L"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"The picture {place} is damaged. Replace it, or remove it.", str(error)[:80]) from None
