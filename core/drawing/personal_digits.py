"""A person's own digits: drawings whose right answer they told, kept in the home folder, one small PNG a digit.

hand/<visitor>/1700000000000-1a2b-7.png    when it was told, the start of the image's digest, and what it is
               forgotten/<when>/           what was forgotten at one click, from where it can be brought back
               earlier                     the visitor has said what to do with those of an earlier version
     1600000000000-3c4d-2.png              kept by an earlier version, in which all visitors had one hand together

Nobody can tell any more whose those are: the one person of a machine, or one of thirty. So they are given to nobody
unasked, which would teach a pupil's network everybody's hands; each visitor is asked once, and whoever says that they
are theirs gets copies. The old files stay where they are.
"""

import hashlib
import io
import re
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.digits import NUM_CLASSES, SIDE, Digits
from core.errors import DrawingError
from core.files import explain_disk_errors, write_atomic
from core.home import home as default_home

MAX_DIGITS = 2000  # kept; a hand does not draw more
MAX_UNDO = 20  # clicks that can be undone
_NAME = re.compile(r"(\d{13})-([0-9a-f]{4})-([0-9])\.png")
_VISITOR = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, eq=False)
class Correction:
    """One digit that was told: `image` uint8 (28, 28), as the network got it."""

    id: str
    image: np.ndarray
    label: int


@dataclass(frozen=True)
class FinetuneResult:
    """What a network gained by being taught a hand: shares read right before and after."""

    mine: tuple[float, float]  # on `judged` digits of one's own
    judged: int
    held_back: bool  # whether those were kept out of training; else they are the very ones it was taught
    others: tuple[float, float]  # on everybody else's digits: the first `images` of `split`
    split: str  # "test", or "validation" where the test set is sealed
    images: int
    seconds: float


class PersonalDigits:
    """All corrections of one visitor below `home` (DIGIT_LAB_HOME unless told otherwise), oldest first."""

    def __init__(self, visitor: str, home: Path | None = None) -> None:
        """Raises `DrawingError` where `visitor` is no visitor's id: it names a folder."""
        if not _VISITOR.fullmatch(visitor):
            raise DrawingError(
                "A hand belongs to a visitor, whose id must be twelve of the signs 0-9 and a-f. "
                f"Received: {visitor!r}. Reload the page."
            )
        self.shared = (home or default_home()) / "hand"
        self.folder = self.shared / visitor
        self._trash, self._settled_path = self.folder / "forgotten", self.folder / "earlier"

    def add(self, image: np.ndarray, label: int) -> Correction:
        """Keeps a digit, uint8 (28, 28), once: told again, another `label` takes the place of the one before.

        Raises `DrawingError` if it is none, or `MAX_DIGITS` are kept already.
        """
        if image.dtype != np.uint8 or image.shape != (SIDE, SIDE) or not 0 <= label < NUM_CLASSES:
            raise DrawingError(
                f"A correction must be 28×28 pixels and a digit from 0 to 9. Received: {image.shape}, {label}."
            )
        known = self.find(image)
        if known and known.label == label:
            return known
        if not known and len(_names(self.folder)) >= MAX_DIGITS:
            raise DrawingError(f"{MAX_DIGITS:,} digits of your hand are kept. Received: one more. Delete some first.")
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
        """The very image, uint8 (28, 28), as it is kept already."""
        marked = (name for name in _names(self.folder) if name.split("-")[1] == _short_hash(image))
        found = (_read(self.folder / name) for name in marked)
        return next((one for one in found if one and np.array_equal(one.image, image)), None)

    def all(self) -> list[Correction]:
        """Every correction that can be read."""
        return [correction for name in _names(self.folder) if (correction := _read(self.folder / name))]

    def digits(self) -> Digits:
        """The same as images and labels."""
        kept = self.all()
        images = np.stack([one.image for one in kept]) if kept else np.zeros((0, SIDE, SIDE), np.uint8)
        return Digits(images, np.array([one.label for one in kept], np.uint8))

    def delete(self, correction_id: str) -> None:
        """Forgets one, which can be brought back. Raises `DrawingError` where there is none of that name."""
        if not _NAME.fullmatch(correction_id) or not (self.folder / correction_id).exists():
            raise DrawingError(f"There is no such digit of your hand. Received: {correction_id!r}. It may be gone.")
        self._move_to_trash([correction_id])

    def clear(self) -> None:
        """Forgets all of them; they can be brought back."""
        self._move_to_trash(_names(self.folder))

    def count_undoable(self) -> int:
        """How many digits `undo_delete` would bring back."""
        return len(_names(trash[-1])) if (trash := self._trash_folders()) else 0

    def undo_delete(self) -> None:
        """Undoes the last `delete` or `clear` that was not undone yet."""
        for trash in self._trash_folders()[-1:]:
            for name in _names(trash):
                (trash / name).replace(self.folder / name)
            shutil.rmtree(trash, ignore_errors=True)

    def count_unclaimed(self) -> int:
        """How many an earlier version kept for all visitors together; 0 once this one has said whose they are."""
        return 0 if self._settled_path.exists() else len(_names(self.shared))

    def settle_unclaimed(self, *, mine: bool) -> None:
        """Copies those of an earlier version to this hand if they are `mine`, and never asks again."""
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
            with suppress(FileNotFoundError):  # forgotten in another tab just now
                (self.folder / name).replace(trash / name)
        for old in self._trash_folders()[:-MAX_UNDO]:
            shutil.rmtree(old, ignore_errors=True)

    def _trash_folders(self) -> list[Path]:
        return sorted(self._trash.iterdir()) if self._trash.is_dir() else []


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
        with Image.open(path, formats=("PNG",)) as picture:
            if picture.size != (SIDE, SIDE):
                return None
            image = np.asarray(picture.convert("L"))
    except (OSError, ValueError, SyntaxError):
        return None
    return Correction(path.name, image, int(match[3])) if match else None
