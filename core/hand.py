"""A person's own digits: drawings whose right answer they told, kept in the home folder, one small PNG a digit."""

import io
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core import mnist
from core.digits import CLASSES, SIDE, Digits
from core.errors import DrawingError
from core.files import write_whole

MOST = 2000  # kept; a hand does not draw more
_NAME = re.compile(r"(\d{13})-([0-9a-f]{4})-([0-9])\.png")


@dataclass(frozen=True, eq=False)
class Correction:
    """One digit that was told: `image` uint8 (28, 28), as the network got it."""

    id: str
    image: np.ndarray
    label: int


class Hand:
    """All corrections below `home` (DIGIT_LAB_HOME unless told otherwise), oldest first."""

    def __init__(self, home: Path | None = None) -> None:
        self.folder = (home or mnist.home()) / "hand"

    def add(self, image: np.ndarray, label: int) -> Correction:
        """Keeps a digit, uint8 (28, 28). Raises `DrawingError` if it is none, or `MOST` are kept already."""
        if image.dtype != np.uint8 or image.shape != (SIDE, SIDE) or not 0 <= label < CLASSES:
            raise DrawingError(
                f"A correction must be 28×28 pixels and a digit from 0 to 9. Received: {image.shape}, {label}."
            )
        if len(self._names()) >= MOST:
            raise DrawingError(f"{MOST:,} digits of your hand are kept. Received: one more. Delete some first.")
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{time.time_ns() // 1_000_000:013d}-{secrets.token_hex(2)}-{label}.png"
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        write_whole(self.folder / name, file.getvalue())
        return Correction(name, image, label)

    def all(self) -> list[Correction]:
        """Every correction that can be read."""
        return [correction for name in self._names() if (correction := self._read(name))]

    def digits(self) -> Digits:
        """The same as images and labels."""
        kept = self.all()
        images = np.stack([one.image for one in kept]) if kept else np.zeros((0, SIDE, SIDE), np.uint8)
        return Digits(images, np.array([one.label for one in kept], np.uint8))

    def delete(self, correction_id: str) -> None:
        """Forgets one. Raises `DrawingError` where there is none of that name."""
        if not _NAME.fullmatch(correction_id) or not (self.folder / correction_id).exists():
            raise DrawingError(f"There is no such digit of your hand. Received: {correction_id!r}. It may be gone.")
        (self.folder / correction_id).unlink()

    def clear(self) -> None:
        """Forgets all of them."""
        for name in self._names():
            (self.folder / name).unlink(missing_ok=True)

    def export(self) -> bytes:
        """An `.npz` with `images`, uint8 (n, 28, 28), and `labels`, uint8 (n,)."""
        digits, file = self.digits(), io.BytesIO()
        np.savez_compressed(file, images=digits.images, labels=digits.labels)
        return file.getvalue()

    def _names(self) -> list[str]:
        try:
            return sorted(path.name for path in self.folder.iterdir() if _NAME.fullmatch(path.name))
        except FileNotFoundError:
            return []

    def _read(self, name: str) -> Correction | None:
        match = _NAME.fullmatch(name)
        try:
            with Image.open(self.folder / name, formats=("PNG",)) as picture:
                if picture.size != (SIDE, SIDE):
                    return None
                image = np.asarray(picture.convert("L"))
        except (OSError, ValueError, SyntaxError):
            return None
        return Correction(name, image, int(match[3])) if match else None
