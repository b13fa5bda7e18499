"""A model's steps as its backend traced and compiled them: they stay with it, from a rehearsal to the run."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import keras
import numpy as np

from core.training.compact_model import CompactModel


class CompiledSteps:
    """The steps of one model, traced and compiled at the first call of each shape.

    A model that was rehearsed begins at once when it is trained in earnest, and finds its images on the device.
    """

    def __init__(self, model: keras.Sequential, pixels: np.ndarray | None, *, scheduled: bool) -> None:
        self.scheduled = scheduled
        self.twin = None if pixels is None else CompactModel(model, pixels)
        self.model = self.twin.network if self.twin else model
        self._cached_images: tuple[np.ndarray, Any] | None = None

    @classmethod
    def of(cls, model: keras.Sequential, pixels: np.ndarray | None, *, scheduled: bool) -> Self:
        """The model's own, or a new one."""
        steps = getattr(model, "digit_lab_traced", None)
        if not isinstance(steps, cls) or not steps.matches(pixels, scheduled):
            steps = model.digit_lab_traced = cls(model, pixels, scheduled=scheduled)
        return steps

    def matches(self, pixels: np.ndarray | None, scheduled: bool) -> bool:
        """Whether it trains a twin on these pixels, or for None the model itself, and by a schedule or not."""
        own = self.twin.pixels if self.twin else None
        same = own is pixels if own is None or pixels is None else np.array_equal(own, pixels)
        return same and self.scheduled == scheduled

    def device_images(self, images: np.ndarray, while_copying: Callable[[], None] = lambda: None) -> Any:
        """Images on the device, as these steps take them. `while_copying` is done while NumPy copies."""
        if not self.twin:
            while_copying()
            return self.put(images)
        with ThreadPoolExecutor(1) as executor:
            seen = executor.submit(self.twin.seen, images)
            while_copying()
            return self.put_owned(seen.result())

    def cached_device_images(self, images: np.ndarray, while_copying: Callable[[], None] = lambda: None) -> Any:
        """The same of images that nobody can write on; they are still there when a rehearsal was of the same ones.

        To compare them takes a sixth of the time.
        """
        if images.flags.writeable:
            return self.device_images(images, while_copying)
        if self._cached_images is None or not np.array_equal(self._cached_images[0], images):
            self._cached_images = images, self.device_images(images, while_copying)
        else:
            while_copying()
        return self._cached_images[1]

    @staticmethod
    def put(images: np.ndarray) -> Any:
        """An array on the device."""
        raise NotImplementedError

    def put_owned(self, images: np.ndarray) -> Any:
        """The same of an array that is given away: nobody writes on it again."""
        return self.put(images)
