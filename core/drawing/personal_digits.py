"""A visitor's own digits: drawings that the visitor has labelled, in the home folder, one small PNG per digit.

hand/<visitor>/1700000000000-1a2b-7.png    when it was saved, the start of the image's hash, and its label
               forgotten/<when>/           what one click deleted; it can be restored
               earlier                     the visitor has decided about the digits of an earlier version
     1600000000000-3c4d-2.png              saved by an earlier version, in which all visitors shared one collection

The owner of the old files is unknown: the only person of a machine, or one of thirty. So no visitor gets them without
being asked, because then a pupil's network would learn from everybody. Each visitor is asked once, and who says "mine"
gets copies. The old files stay where they are.
"""

import hashlib
import io
import re
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.digits import NUM_CLASSES, SIDE, Digits
from core.errors import DrawingError
from core.files import explain_disk_errors, read_regular, write_atomic
from core.home import home as default_home

MAX_DIGITS = 2000  # per visitor
MAX_FILE_BYTES = 10_000  # of one digit's picture, which takes some hundred
MAX_UNDO = 20  # clicks that can be undone
_NAME = re.compile(r"(\d{13})-([0-9a-f]{4})-([0-9])\.png")
_VISITOR = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, eq=False)
class Correction:
    """One labelled digit: `image` uint8 (28, 28), as the network received it."""

    id: str
    image: np.ndarray
    label: int


@dataclass(frozen=True)
class FinetuneResult:
    """Accuracies before and after a copy of the network was trained on a visitor's digits."""

    mine: tuple[float, float]  # on `judged` digits of one's own
    judged: int
    held_back: bool  # whether those were kept out of training; else they are the very ones it was taught
    others: tuple[float, float]  # on everybody else's digits: the first `images` of `split`
    split: str  # "test", or "validation" where the test set is sealed
    images: int
    seconds: float
    newest: tuple[int, int, int] | None = None  # the last saved digit: its label, its prediction before and after


class PersonalDigits:
    """All corrections of one visitor below `home` (DIGIT_LAB_HOME by default), oldest first."""

    def __init__(self, visitor: str, home: Path | None = None) -> None:
        """Raises `DrawingError` if `visitor` is not a visitor's id, because it names a folder."""
        if not _VISITOR.fullmatch(visitor):
            raise DrawingError(
                "The id of a visitor must be twelve of the characters 0-9 and a-f. Reload the page.", received=visitor
            )
        self.shared = (home or default_home()) / "hand"
        self.folder = self.shared / visitor
        self._trash, self._settled_path = self.folder / "forgotten", self.folder / "earlier"

    def add(self, image: np.ndarray, label: int) -> Correction:
        """Saves a digit, uint8 (28, 28), once: a new `label` for the same image replaces the old one.

        Raises `DrawingError` if it is not a digit, or there are `MAX_DIGITS` already.
        """
        if image.dtype != np.uint8 or image.shape != (SIDE, SIDE) or not 0 <= label < NUM_CLASSES:
            raise DrawingError(
                "A correction must have 28×28 pixels and a label from 0 to 9. Draw the digit again and choose its "
                "label.",
                received=(image.shape, label),
            )
        known = self.find(image)
        if known and known.label == label:
            return known
        if not known and len(_names(self.folder)) >= MAX_DIGITS:
            raise DrawingError(f"My hand holds at most {MAX_DIGITS:,} digits. Delete some first.")
        name = f"{time.time_ns() // 1_000_000:013d}-{_short_hash(image)}-{label}.png"
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        with explain_disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        write_atomic(self.folder / name, file.getvalue())
        if known:
            (self.folder / known.id).unlink(missing_ok=True)
        return Correction(name, image, label)

    def find(self, image: np.ndarray) -> Correction | None:
        """The saved digit with exactly this image, uint8 (28, 28); None if it is not saved."""
        marked = (name for name in _names(self.folder) if name.split("-")[1] == _short_hash(image))
        found = (_read(self.folder / name) for name in marked)
        return next((one for one in found if one and np.array_equal(one.image, image)), None)

    def all(self) -> list[Correction]:
        """Every correction that can be read."""
        return [correction for name in _names(self.folder) if (correction := _read(self.folder / name))]

    def digits(self) -> Digits:
        """The same as images and labels."""
        corrections = self.all()
        images = np.stack([one.image for one in corrections]) if corrections else np.zeros((0, SIDE, SIDE), np.uint8)
        return Digits(images, np.array([one.label for one in corrections], np.uint8))

    def delete(self, correction_id: str) -> None:
        """Deletes one; `undo_delete` restores it. Raises `DrawingError` if there is none with this id."""
        if not _NAME.fullmatch(correction_id) or not (self.folder / correction_id).exists():
            raise DrawingError("This digit is not in My hand any more. Reload the page.", received=correction_id)
        self._move_to_trash([correction_id])

    def clear(self) -> None:
        """Deletes all of them; `undo_delete` restores them."""
        self._move_to_trash(_names(self.folder))

    def count_undoable(self) -> int:
        """How many digits `undo_delete` would restore."""
        return len(_names(trash[-1])) if (trash := self._trash_folders()) else 0

    def undo_delete(self) -> None:
        """Undoes the last `delete` or `clear`; call it again for the one before."""
        for trash in self._trash_folders()[-1:]:
            for name in _names(trash):
                (trash / name).replace(self.folder / name)
            shutil.rmtree(trash, ignore_errors=True)

    def count_unclaimed(self) -> int:
        """How many an earlier version saved for all visitors together; 0 after this visitor has decided about them."""
        return 0 if self._settled_path.exists() else len(_names(self.shared))

    def settle_unclaimed(self, *, mine: bool) -> None:
        """Copies those of an earlier version to this visitor if they are `mine`; either way nobody asks again."""
        with explain_disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            for name in _names(self.shared) if mine else ():
                shutil.copyfile(self.shared / name, self.folder / name)
            self._settled_path.touch()

    def export(self) -> bytes:
        """An `.npz` with `images`, uint8 (n, 28, 28), and `labels`, uint8 (n,)."""
        digits, file = self.digits(), io.BytesIO()
        np.savez_compressed(file, images=digits.images, labels=digits.labels)
        return file.getvalue()

    def _move_to_trash(self, names: list[str]) -> None:
        if not names:
            return
        trash = self._trash / f"{time.time_ns():020d}"
        trash.mkdir(parents=True)
        for name in names:
            with suppress(FileNotFoundError):  # another tab has just deleted it
                (self.folder / name).replace(trash / name)
        for old in self._trash_folders()[:-MAX_UNDO]:
            shutil.rmtree(old, ignore_errors=True)

    def _trash_folders(self) -> list[Path]:
        return sorted(self._trash.iterdir()) if self._trash.is_dir() else []


def counts(home: Path | None = None) -> dict[str, int]:
    """How many digits each visitor has saved, by the visitors' ids."""
    shared = (home or default_home()) / "hand"
    folders = [path for path in shared.iterdir() if _VISITOR.fullmatch(path.name)] if shared.is_dir() else []
    return {path.name: number for path in folders if (number := len(_names(path)))}


def delete_for_good(visitors: Iterable[str], home: Path | None = None) -> None:
    """Deletes all digits of these visitors, also those that they could restore."""
    for visitor in visitors:
        shutil.rmtree(PersonalDigits(visitor, home).folder, ignore_errors=True)


def _short_hash(image: np.ndarray) -> str:
    return hashlib.blake2b(image.tobytes(), digest_size=2).hexdigest()


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except FileNotFoundError:
        return []


def _read(path: Path) -> Correction | None:
    match = _NAME.fullmatch(path.name)
    try:
        with Image.open(io.BytesIO(read_regular(path, MAX_FILE_BYTES)), formats=("PNG",)) as picture:
            if picture.size != (SIDE, SIDE):
                return None
            image = np.asarray(picture.convert("L"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, MemoryError, OverflowError):
        return None
    return Correction(path.name, image, int(match[3])) if match else None
