"""The traced and compiled steps of a model. They stay with the model, from the warm-up to the run."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import keras
import numpy as np

from core.training.compact_model import CompactModel


class CompiledSteps:
    """The steps of one model, traced and compiled at the first call of each shape.

    A model that was warmed up starts at once, and its images are already on the device.
    """

    def __init__(self, model: keras.Sequential, pixels: np.ndarray | None, *, scheduled: bool) -> None:
        self.scheduled = scheduled
        self.compact = None if pixels is None else CompactModel(model, pixels)
        self.model = self.compact.network if self.compact else model
        self._cached_images: tuple[np.ndarray, Any] | None = None

    @classmethod
    def for_model(cls, model: keras.Sequential, pixels: np.ndarray | None, *, scheduled: bool) -> Self:
        """The compiled steps of this model, or new ones."""
        steps = getattr(model, "digit_lab_traced", None)
        if not isinstance(steps, cls) or not steps.matches(pixels, scheduled):
            steps = model.digit_lab_traced = cls(model, pixels, scheduled=scheduled)
        return steps

    def matches(self, pixels: np.ndarray | None, scheduled: bool) -> bool:
        """Whether they fit: a compact model of these pixels (None: the model itself), with or without a schedule."""
        own = self.compact.pixels if self.compact else None
        same = own is pixels if own is None or pixels is None else np.array_equal(own, pixels)
        return same and self.scheduled == scheduled

    def device_images(self, images: np.ndarray, while_copying: Callable[[], None] = lambda: None) -> Any:
        """Images on the device, in the form of these steps. `while_copying` runs while NumPy copies."""
        if not self.compact:
            while_copying()
            return self.put(images)
        with ThreadPoolExecutor(1) as executor:
            selected = executor.submit(self.compact.select_pixels, images)
            while_copying()
            return self.put_owned(selected.result())

    def cached_device_images(self, images: np.ndarray, while_copying: Callable[[], None] = lambda: None) -> Any:
        """The same for read-only images. They are kept, so a run after a warm-up with equal images need not copy them.

        Comparing takes a sixth of the time of copying.
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
        """The same for an array that the caller no longer uses."""
        return self.put(images)
