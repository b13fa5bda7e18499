"""What a Keras model says of images.

Where a model is in memory, or a file is all there is. The dashboard itself asks `reader.Reader`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np

from core.digits import NUM_CLASSES
from core.training.models import load
from core.training.train_step import logits

BATCH = 512  # large enough for speed, small enough that a convolution's activations stay in cache


class Predictor:
    """One trained network, ready to answer. Images are uint8 (n, 28, 28), 0 = paper, as they are kept."""

    def __init__(self, path: Path | str) -> None:
        self.model = load(path, compiled=False)

    @classmethod
    def from_model(cls, model: keras.Model) -> Self:
        """A predictor of a model that is in memory already."""
        predictor = cls.__new__(cls)
        predictor.model = model
        return predictor

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """How likely each digit is: float32 (n, 10), rows sum to 1."""
        return _in_batches(lambda part: self.model(part, training=False), images)

    def logits(self, images: np.ndarray) -> np.ndarray:
        """The ten sums before the softmax: float32 (n, 10)."""
        return _in_batches(lambda part: logits(self.model, keras.ops.convert_to_tensor(part)), images)


def _in_batches(network: Callable[[np.ndarray], Any], images: np.ndarray) -> np.ndarray:
    if not len(images):
        return np.zeros((0, NUM_CLASSES), np.float32)
    parts = (network(images[start : start + BATCH]) for start in range(0, len(images), BATCH))
    return np.concatenate([np.asarray(part) for part in parts])
