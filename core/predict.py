"""What a trained network says of images: probabilities, logits and the features under them."""

from pathlib import Path
from typing import Self

import keras
import numpy as np

from core.config import RunConfig
from core.errors import RunError
from core.models import build, load

BATCH = 512  # large enough for speed, small enough that a convolution's activations stay in cache


class Predictor:
    """One trained network, ready to answer. Images are uint8 (n, 28, 28), 0 = paper, as they are kept."""

    def __init__(self, path: Path | str) -> None:
        self._take(load(path, compiled=False))

    @classmethod
    def from_model(cls, model: keras.Model) -> Self:
        """A predictor of a model that is in memory already."""
        predictor = cls.__new__(cls)
        predictor._take(model)
        return predictor

    @classmethod
    def from_weights(cls, config: RunConfig, path: Path | str) -> Self:
        """A predictor of the weights one epoch left: an `.npz` with an array a weight, named as in Keras.

        Raises `RunError` where the file is missing, cut short or of another network.
        """
        model = build(config)
        try:
            with Path(path).open("rb") as file, np.load(file) as kept:
                for weight in model.weights:
                    weight.assign(kept[weight.path])
        except Exception as error:  # zipfile, NumPy and Keras each have their own way of saying it
            raise RunError(
                f"{Path(path).name} must hold the weights of one epoch. Received: {error}. "
                "The file is damaged or missing: choose another epoch."
            ) from error
        return cls.from_model(model)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """How likely each digit is: float32 (n, 10), rows sum to 1."""
        return np.asarray(keras.ops.softmax(self._logits(self.features(images))))

    def logits(self, images: np.ndarray) -> np.ndarray:
        """The ten sums before the softmax: float32 (n, 10)."""
        return np.asarray(self._logits(self.features(images)))

    def features(self, images: np.ndarray) -> np.ndarray:
        """What the last hidden layer makes of each image: float32 (n, units); the pixels themselves without one."""
        if not len(images):
            return np.zeros((0, self.model.layers[-1].kernel.shape[0]), np.float32)
        parts = (self._features(images[start : start + BATCH]) for start in range(0, len(images), BATCH))
        return np.concatenate([np.asarray(part) for part in parts])

    def _take(self, model: keras.Model) -> None:
        self.model = model
        self._below = keras.Model(model.inputs[0], model.layers[-1].input)

    def _features(self, images: np.ndarray) -> object:
        return self._below(images, training=False)

    def _logits(self, features: np.ndarray) -> object:
        top = self.model.layers[-1]
        return keras.ops.add(keras.ops.matmul(features, top.kernel), top.bias)
