"""A model's steps as its backend traced and compiled them: they stay with it, from a rehearsal to the run."""

from typing import Any, Self

import keras
import numpy as np

from core.lit import Narrow


class Traced:
    """The steps of one model, traced and compiled at the first call of each shape.

    A model that was rehearsed begins at once when it is trained in earnest, and finds its images on the device.
    """

    def __init__(self, model: keras.Sequential, pixels: np.ndarray | None, *, scheduled: bool) -> None:
        self.scheduled = scheduled
        self.narrow = None if pixels is None else Narrow(model, pixels)
        self.model = self.narrow.network if self.narrow else model
        self._held: tuple[np.ndarray, Any] | None = None

    @classmethod
    def of(cls, model: keras.Sequential, pixels: np.ndarray | None, *, scheduled: bool) -> Self:
        """The model's own, or a new one."""
        traced = getattr(model, "digit_lab_traced", None)
        if not isinstance(traced, cls) or not traced.fits(pixels, scheduled):
            traced = model.digit_lab_traced = cls(model, pixels, scheduled=scheduled)
        return traced

    def fits(self, pixels: np.ndarray | None, scheduled: bool) -> bool:
        """Whether it trains on these pixels, None for all, and by a schedule or not."""
        own = self.narrow.pixels if self.narrow else None
        same = own is pixels if own is None or pixels is None else np.array_equal(own, pixels)
        return same and self.scheduled == scheduled

    def shown(self, images: np.ndarray) -> Any:
        """Images on the device, as these steps take them."""
        return self.put(self.narrow.seen(images) if self.narrow else images)

    def held(self, images: np.ndarray) -> Any:
        """The same of images that nobody can write on; they are still there when a rehearsal was of the same ones.

        To compare them takes a sixth of the time.
        """
        if images.flags.writeable:
            return self.shown(images)
        if self._held is None or not np.array_equal(self._held[0], images):
            self._held = images, self.shown(images)
        return self._held[1]

    @staticmethod
    def put(images: np.ndarray) -> Any:
        """An array on the device."""
        raise NotImplementedError
