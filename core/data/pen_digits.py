"""Digits of 30 people as pen strokes on a tablet: what is drawn on a screen differs from what was scanned for MNIST.

They are the training part of UCI's *Pen-Based Recognition of Handwritten Digits* (original traces; Alimoglu and
Alpaydin; CC BY 4.0). It looks in this order: `PEN_DIGITS_PATH`, `DIGIT_LAB_HOME`/data, UCI's archive.
"""

import gzip
import io
import json
import os
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from core.data import unipen
from core.data.download import Archive, download_file
from core.data.unipen import PenDigit
from core.digits import NUM_CLASSES
from core.errors import DataError
from core.home import home

MIRRORS = ("https://archive.ics.uci.edu/static/public/81/",)
ARCHIVE = Archive(
    "pen+based+recognition+of+handwritten+digits.zip",
    1_668_118,
    "1e02bea023613c2b11c9492f6f34caf975420455934f3527d270cee9a1f03b64",
)
MEMBER = "pendigits-orig.tra.Z"  # in the archive: the 30 writers; the 14 of the other file are never read
WRITERS = 30
# Every fifth writer is kept for measuring. No network can be trained on them.
KEPT_ASIDE = tuple(range(5, WRITERS + 1, 5))
TRAINING_WRITERS = tuple(writer for writer in range(1, WRITERS + 1) if writer not in KEPT_ASIDE)
PEN_WIDTHS = (12, 20, 28)  # pixels of a canvas of 280: each digit is drawn once with each
IMAGES_PER_WRITER = 250 * len(PEN_WIDTHS)  # some writers have a few less
_MAX_BYTES = 64 * 2**20  # of a file after unpacking: four times what the published one takes
_MAX_PLACE = 10_000


@dataclass(frozen=True, eq=False)
class PenDigits:
    """Digits as strokes. strokes: of each digit, float (points, 2) as x and y downwards; labels, writers: (n,)."""

    strokes: tuple[tuple[np.ndarray, ...], ...]
    labels: np.ndarray
    writers: np.ndarray

    @classmethod
    def of(cls, digits: Iterable[PenDigit]) -> Self:
        """From parsed digits. Raises `ValueError` for one without strokes, or with impossible numbers."""
        strokes, labels, writers = list[tuple[np.ndarray, ...]](), list[int](), list[int]()
        for digit in digits:
            parts = tuple(np.array(stroke, float).reshape(-1, 2) for stroke in digit.strokes if stroke)
            if not parts or not 0 <= digit.label < NUM_CLASSES or not 1 <= digit.writer <= WRITERS:
                raise ValueError(f"digit {len(labels) + 1}")
            if not all((np.abs(part) <= _MAX_PLACE).all() for part in parts):
                raise ValueError(f"digit {len(labels) + 1}: a point far from the tablet")
            strokes.append(parts)
            labels.append(digit.label)
            writers.append(digit.writer)
        if not labels:
            raise ValueError("no digits")
        return cls(tuple(strokes), np.array(labels, np.uint8), np.array(writers, np.uint8))

    def __len__(self) -> int:
        return len(self.labels)

    def by(self, writers: Iterable[int]) -> Self:
        """The digits of these writers, in their order."""
        chosen = np.flatnonzero(np.isin(self.writers, list(writers)))
        return type(self)(tuple(self.strokes[at] for at in chosen), self.labels[chosen], self.writers[chosen])


def load() -> PenDigits:
    """The digits of all 30 writers; fetches 1.7 MB at the first call. Raises `DataError` if they cannot be had."""
    if given := os.environ.get("PEN_DIGITS_PATH"):
        return read(Path(given).expanduser())
    path = home() / "data" / "pen_digits.zip"
    if not path.exists():
        download_file(ARCHIVE, MIRRORS, path, remedy="set PEN_DIGITS_PATH to a copy of UCI's pen digits")
    return read(path)


def read(path: Path) -> PenDigits:
    """Reads UCI's archive, its file pendigits-orig.tra, packed or not, or JSON lines, gzipped or not.

    A JSON line has `label`, `writer` and `strokes`, as `PenDigit`. Raises `DataError` if the file is something else.
    """
    try:
        content = _unpacked(path.read_bytes())
        if content.lstrip().startswith(b"{"):
            return PenDigits.of(_from_json(line) for line in content.splitlines() if line.strip())
        return PenDigits.of(unipen.parse(content.decode("ascii")))
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path.name} holds no pen digits that can be read ({type(error).__name__}: {error}). Set PEN_DIGITS_PATH "
            "to UCI's archive of pen digits or to its file pendigits-orig.tra, or delete the file to fetch it again."
        ) from None


def _unpacked(content: bytes) -> bytes:
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if archive.getinfo(MEMBER).file_size > _MAX_BYTES:
                raise ValueError("too large")
            content = archive.read(MEMBER)
    if content.startswith(b"\x1f\x8b"):
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            content = file.read(_MAX_BYTES + 1)
    if unipen.is_compressed(content):
        content = unipen.decompress(content, _MAX_BYTES)
    if len(content) > _MAX_BYTES:
        raise ValueError("too large")
    return content


def _from_json(line: bytes) -> PenDigit:
    digit = json.loads(line)
    return PenDigit(int(digit["label"]), int(digit["writer"]), list(digit["strokes"]))
