"""The names of a data set's ten classes: the digits, those of a known set, or the ten lines of a `labels.txt`.

Every page takes the names from here, by way of `Mnist.names`.
"""

import hashlib
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.errors import DataError
from core.image_shape import NUM_CLASSES

Names = tuple[str, ...]

DIGITS: Names = tuple(str(digit) for digit in range(NUM_CLASSES))
FILE = "labels.txt"
MAX_LENGTH = 30  # characters of a name: longer ones do not fit beside a bar
_MAX_BYTES = 10_000
_SIGNS = set('<>&"`[]|\\*_$~#:{}')  # Markdown and HTML read them: a page would show something else
_MNIST_SHA256 = "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"  # of the unpacked training images


class KnownSet(NamedTuple):
    """A published data set. md5: of its four gzipped files, as published; empty where `read` finds it otherwise."""

    title: str
    names: Names
    hub: str = ""  # its name on Hugging Face and in keras.datasets
    md5: Mapping[str, str] = {}


MNIST = KnownSet("MNIST", DIGITS, "mnist")
KNOWN = (
    KnownSet(
        "Fashion-MNIST",
        ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        "fashion_mnist",
        {  # https://github.com/zalandoresearch/fashion-mnist
            "x_train": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "y_train": "25c81989df183df01b3e8a0aad5dffbe",
            "x_test": "bef4ecab320f06d8554ea6380940ec79",
            "y_test": "bb300cfdad3c16e7a12a480ee83cd310",
        },
    ),
    KnownSet(
        "Kuzushiji-MNIST",
        ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        "",
        {  # http://codh.rois.ac.jp/kmnist, as torchvision checks them
            "x_train": "bdb82020997e1d708af4cf47b453dcf7",
            "y_train": "e144d726b3acfaa3e44228e80efcd344",
            "x_test": "5c965bf0a639b31b8f53240b1b52f4d7",
            "y_test": "7320c461ea6c1c855c0b718fb2a4b134",
        },
    ),
)


def set_of(names: Names) -> KnownSet:
    """The published set with these names of classes; one without a title for names of one's own."""
    return next((one for one in (MNIST, *KNOWN) if one.names == names), KnownSet("", names))


def known_set(files: Mapping[str, Path], training_images: np.ndarray) -> KnownSet | None:
    """The published set that these data are; None for another set.

    files: the four gzipped IDX files, if the data came from such files. training_images: uint8 (n, 28, 28).
    """
    if hashlib.sha256(_idx_header(training_images) + training_images.tobytes()).hexdigest() == _MNIST_SHA256:
        return MNIST
    if not files or any(path.suffix != ".gz" for path in files.values()):
        return None
    found = {name: _md5(path) for name, path in files.items()}
    return next((one for one in KNOWN if one.md5 == found), None)


def read_names(folder: Path) -> Names | None:
    """The ten names in the `labels.txt` of a folder; None without this file. Raises `DataError` for another content."""
    path = folder / FILE
    if not path.is_file():
        return None
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    try:
        lines = [line.strip() for line in content.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        lines = []
    return checked_names(lines)


def checked_names(names: object) -> Names:
    """Ten different short names. Raises `DataError` for anything else."""
    lines = [name for name in names if isinstance(name, str)] if isinstance(names, Sequence) else []
    fits = all(0 < len(name) <= MAX_LENGTH and name.isprintable() and not _SIGNS & set(name) for name in lines)
    if len(lines) != NUM_CLASSES or len(set(lines)) != NUM_CLASSES or not fits:
        raise DataError(
            f"{FILE} must have {NUM_CLASSES} lines, one different name for each class, of at most {MAX_LENGTH} "
            "letters, digits, spaces or plain signs. The first line names label 0. Correct the file, or remove it.",
            len(lines),
        )
    return tuple(lines)


def _idx_header(images: np.ndarray) -> bytes:
    return struct.pack(">HBB3I", 0, 8, 3, *images.shape)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
