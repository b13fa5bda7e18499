"""A model's steps as its backend traced and compiled them: they stay with it, from a rehearsal to the run."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import keras
import numpy as np

from core.training.compact_model import Twin


class Traced:
    """The steps of one model, traced and compiled at the first call of each shape.

    A model that was rehearsed begins at once when it is trained in earnest, and finds its images on the device.
    """

    def __init__(self, model: keras.Sequential, pixels: np.ndarray | None, *, scheduled: bool) -> None:
        self.scheduled = scheduled
        self.twin = None if pixels is None else Twin(model, pixels)
        self.model = self.twin.network if self.twin else model
        self._held: tuple[np.ndarray, Any] | None = None

    @classmethod
    def of(cls, model: keras.Sequential, pixels: np.ndarray | None, *, scheduled: bool) -> Self:
        """The model's own, or a new one."""
        traced = getattr(model, "digit_lab_traced", None)
        if not isinstance(traced, cls) or not traced.fits(pixels, scheduled):
            traced = model.digit_lab_traced = cls(model, pixels, scheduled=scheduled)
        return traced

    def fits(self, pixels: np.ndarray | None, scheduled: bool) -> bool:
        """Whether it trains a twin on these pixels, or for None the model itself, and by a schedule or not."""
        own = self.twin.pixels if self.twin else None
        same = own is pixels if own is None or pixels is None else np.array_equal(own, pixels)
        return same and self.scheduled == scheduled

    def shown(self, images: np.ndarray, meanwhile: Callable[[], None] = lambda: None) -> Any:
        """Images on the device, as these steps take them. `meanwhile` is done while NumPy copies."""
        if not self.twin:
            meanwhile()
            return self.put(images)
        with ThreadPoolExecutor(1) as beside:
            seen = beside.submit(self.twin.seen, images)
            meanwhile()
            return self.taken(seen.result())

    def held(self, images: np.ndarray, meanwhile: Callable[[], None] = lambda: None) -> Any:
        """The same of images that nobody can write on; they are still there when a rehearsal was of the same ones.

        To compare them takes a sixth of the time.
        """
        if images.flags.writeable:
            return self.shown(images, meanwhile)
        if self._held is None or not np.array_equal(self._held[0], images):
            self._held = images, self.shown(images, meanwhile)
        else:
            meanwhile()
        return self._held[1]

    @staticmethod
    def put(images: np.ndarray) -> Any:
        """An array on the device."""
        raise NotImplementedError

    def taken(self, images: np.ndarray) -> Any:
        """The same of an array that is given away: nobody writes on it again."""
        return self.put(images)
