"""`Digits`: the one type for images with labels, used everywhere in the project."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from core.errors import DataError
from core.image_shape import NUM_CLASSES as NUM_CLASSES
from core.image_shape import SIDE as SIDE


@dataclass(frozen=True, eq=False)
class Digits:
    """Images and their labels.

    images: uint8 (n, 28, 28), 0 = paper, 255 = ink. labels: uint8 (n,), 0 to 9.
    Raises `DataError` for any other shape, type or label.
    """

    images: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
            raise DataError(
                f"Images must be uint8 of shape (n, {SIDE}, {SIDE}). Use the published MNIST files.",
                f"{images.dtype} {images.shape}",
            )
        if labels.shape != (len(images),) or labels.dtype.kind not in "ui":
            raise DataError(
                f"Labels must be whole numbers, one for each of the {len(images)} images. "
                "Use the label file that belongs to the images.",
                f"{labels.dtype} {labels.shape}",
            )
        if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < NUM_CLASSES:
            raise DataError(
                f"Labels must be between 0 and {NUM_CLASSES - 1}. "
                "The file is damaged or does not hold digits: download it again.",
                f"{labels.min()} to {labels.max()}",
            )
        object.__setattr__(self, "labels", labels.astype(np.uint8, copy=False))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, chosen: slice | np.ndarray) -> Self:
        """The digits at `chosen`: a slice, a mask or an array of indices."""
        return type(self)(self.images[chosen], self.labels[chosen])

    def __iter__(self) -> Iterator[tuple[np.ndarray, int]]:
        return ((image, int(label)) for image, label in zip(self.images, self.labels, strict=True))

    def __repr__(self) -> str:
        return f"Digits({len(self):,})"

    @property
    def counts(self) -> np.ndarray:
        """How many there are of each digit: int64 (10,)."""
        return np.bincount(self.labels, minlength=NUM_CLASSES)
