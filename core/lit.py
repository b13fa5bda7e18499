"""The pixels that some image lights, and a network that is trained on these alone.

67 of MNIST's 784 pixels are 0 in each of the 60,000 training images. A weight that only ever meets 0 has gradient 0,
and no optimiser without decay moves it: leaving it out of the products and the update changes a run by rounding alone.
A processor gains a tenth of each step by it. A GPU gains nothing, for there a step is the starting of its kernels.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

ALIGNED = 16  # products are cut into blocks of so many numbers


class Narrow:
    """`network` stands for `model` while that trains: the same layers and optimiser, but the first layer of units has
    weights for `pixels` alone, sorted places in a flattened image."""

    def __init__(self, model: keras.Sequential, pixels: np.ndarray) -> None:
        self.pixels = pixels
        layers = [type(layer).from_config(_without_weights(layer)) for layer in model.layers]
        self.network = keras.Sequential([keras.Input(pixels.shape, dtype="uint8"), *layers])
        optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
        self.network.compile(optimizer=optimizer, loss=model.loss, jit_compile=False)
        optimizer.build(self.network.trainable_variables)
        self._pairs = list(zip(model.variables, self.network.variables, strict=True))
        self._pairs += zip(model.optimizer.variables, optimizer.variables, strict=True)
        self._ahead = False

    def seen(self, images: np.ndarray) -> np.ndarray:
        """What the network is shown of `images`: uint8 (n, pixels)."""
        return np.take(images.reshape(len(images), -1), self.pixels, axis=1, mode="clip")  # without a buffer between

    def take(self) -> None:
        """Takes the model's variables over, unless what it was given is still its own."""
        if self._ahead:
            return
        for whole, narrow in self._pairs:
            narrow.assign(self.part(whole, narrow))
        self._ahead = True

    def give(self) -> None:
        """Gives the model what was trained since."""
        if not self._ahead:
            return
        for whole, narrow in self._pairs:
            whole.assign(self.back(whole, narrow))
        self._ahead = False

    def part(self, whole: Any, narrow: Any) -> Any:
        """What of a variable of the model belongs to the network's `narrow`."""
        return whole if whole.shape == narrow.shape else ops.take(whole, self.pixels, axis=0)

    def back(self, whole: Any, narrow: Any) -> Any:
        """A variable of the model, with what was trained of it."""
        return narrow if whole.shape == narrow.shape else ops.scatter_update(whole, self.pixels[:, None], narrow)


def _without_weights(layer: keras.layers.Layer) -> dict[str, Any]:
    """The layer's config, but for the random numbers that it would begin with: it is given others."""
    config: dict[str, Any] = layer.get_config()
    return {**config, "kernel_initializer": "zeros"} if "kernel_initializer" in config else config


def lit(images: np.ndarray) -> np.ndarray:
    """The pixels that are not 0 in all of `images`, uint8 (n, 28, 28), as sorted places in a flattened image: int32.

    Some of the others are among them, so that their number is a multiple of 16.
    """
    ever = np.bitwise_or.reduce(images, axis=0).ravel() > 0
    blocks = max(1, -(-ever.sum() // ALIGNED))
    chosen = min(blocks * ALIGNED, ever.size)
    return np.sort(np.argsort(~ever, kind="stable")[:chosen]).astype(np.int32)


def enough(model: keras.Sequential, images: np.ndarray) -> np.ndarray | None:
    """The pixels that it is enough to train `model` on, as `lit` gives them; None where it takes all.

    All it takes where a pixel of 0 is not 0 to the first layer of units, and where weights decay without a gradient.
    """
    match model.layers:
        case [keras.layers.Rescaling(offset=0), keras.layers.Flatten(), keras.layers.Dense(), *_]:
            pixels = lit(images)
            return None if model.optimizer.weight_decay or len(pixels) == images[0].size else pixels
    return None
