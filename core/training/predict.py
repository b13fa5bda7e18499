"""Predictions of a Keras model, in memory or from a file. The dashboard uses `network.numpy_network` instead."""

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
    """One trained network. Images are uint8 (n, 28, 28), 0 = paper."""

    def __init__(self, path: Path | str) -> None:
        self.model = load(path, compiled=False)

    @classmethod
    def from_model(cls, model: keras.Model) -> Self:
        """A predictor for a model in memory."""
        predictor = cls.__new__(cls)
        predictor.model = model
        return predictor

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """The probability of each digit: float32 (n, 10), rows sum to 1."""
        return _in_batches(lambda part: self.model(part, training=False), images)

    def logits(self, images: np.ndarray) -> np.ndarray:
        """The outputs before the softmax: float32 (n, 10)."""
        return _in_batches(lambda part: logits(self.model, keras.ops.convert_to_tensor(part)), images)


def _in_batches(network: Callable[[np.ndarray], Any], images: np.ndarray) -> np.ndarray:
    if not len(images):
        return np.zeros((0, NUM_CLASSES), np.float32)
    parts = (network(images[start : start + BATCH]) for start in range(0, len(images), BATCH))
    return np.concatenate([np.asarray(part) for part in parts])
