"""Which images make a batch, and what a batch came to."""

from dataclasses import dataclass
from typing import Any

import numpy as np

ORDER, DISTORTIONS = 0, 1  # what a random stream of an epoch is for


@dataclass
class Sums:
    """What some batches came to: `loss` summed over images, images answered rightly, and images."""

    loss: float = 0.0
    correct: int = 0
    images: int = 0

    def __iadd__(self, other: "Sums") -> "Sums":
        self.loss += other.loss
        self.correct += other.correct
        self.images += other.images
        return self

    def add(self, losses: Any, correct: Any) -> None:
        """Adds the losses and hits of images, arrays of any length; `images` counts them elsewhere."""
        self.loss += float(np.asarray(losses).sum(dtype=np.float64))
        self.correct += int(np.asarray(correct).sum())

    @property
    def mean_loss(self) -> float:
        return self.loss / self.images

    @property
    def accuracy(self) -> float:
        return self.correct / self.images

    def as_metrics(self) -> tuple[float, float, float, float]:
        """The sums as Keras' two means keep them: total and count of the loss, total and count of the accuracy."""
        return self.loss, self.images, self.correct, self.images


@dataclass(frozen=True)
class Plan:
    """How a run is cut: `batches_a_call` batches of `batch_size` images in each call of the engine.

    `scheduled`: each batch brings its own learning rate.
    """

    batch_size: int
    batches_a_call: int
    scheduled: bool = False


def order(seed: int, epoch: int, images: int) -> np.ndarray:
    """The order in which an epoch (0-based) takes the images: int32 (images,), each index once."""
    return random(seed, epoch, ORDER).permutation(images).astype(np.int32)


def random(seed: int, epoch: int, purpose: int) -> np.random.Generator:
    """A stream of random numbers that follows from seed and epoch alone, so that a resumed run finds its own."""
    return np.random.default_rng([seed, epoch, purpose])
