"""The compact model: it trains instead of the model on a CPU, with the same outputs and faster products.

It has weights only for the active pixels (`active_pixels`): on MNIST, a tenth less to multiply and to update. Its last
layer is transposed: XLA needs up to fourteen times as long for a product of ten columns as for ten rows, and kernels
along rows of ten take longest to compile.

A GPU gains nothing from either: there a step mostly waits for kernels to start.
"""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from core.devices.computing import on_gpu
from core.digits import NUM_CLASSES, SIDE
from core.training.active_pixels import pixels_to_train
from core.training.models import has_convolutions

ALIGNMENT = 64  # bytes: TensorFlow uses an aligned array as it is, and copies any other


class CompactModel:
    """`network` trains instead of `model`: the same layers and optimiser except for the first and the last layer.

    pixels: the positions in a flattened image that it uses, sorted.
    """

    def __init__(self, model: keras.Sequential, pixels: np.ndarray) -> None:
        self.pixels = pixels
        *below, top = (type(layer).from_config(_without_weights(layer)) for layer in model.layers)
        if model.layers[-1].kernel.shape[0] not in (
            NUM_CLASSES,
            SIDE * SIDE,
        ):  # its shape then shows that it is transposed
            top = TransposedDense(name=top.name)
        self.network = keras.Sequential([keras.Input(pixels.shape, dtype="uint8"), *below, top])
        optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
        self.network.compile(optimizer=optimizer, loss=model.loss, jit_compile=False)
        optimizer.build(self.network.trainable_variables)
        self._pairs = list(zip(model.variables, self.network.variables, strict=True))
        self._pairs += zip(model.optimizer.variables, optimizer.variables, strict=True)
        self._is_newer = False
        self._weights = list(zip(model.weights, self.network.weights, strict=True))
        self._untrained: list[np.ndarray] = []
        self._is_untrained_stale = True

    def copy_weights(self) -> list[np.ndarray]:
        """A copy of the current weights, in the network's shapes."""
        self.copy_from_model()
        if self._is_untrained_stale:  # training never changes the rows of the other pixels
            self._untrained = [np.array(full) for full, _ in self._weights]
            self._is_untrained_stale = False
        return [np.array(compact) for _, compact in self._weights]

    def full_weights(self, copied: list[np.ndarray]) -> list[np.ndarray]:
        """Copied weights in the model's shapes."""
        return [self._full(weight, untrained) for weight, untrained in zip(copied, self._untrained, strict=True)]

    def _full(self, compact: np.ndarray, untrained: np.ndarray) -> np.ndarray:
        if compact.shape == untrained.shape:
            return compact
        if compact.shape == untrained.shape[::-1]:
            return np.ascontiguousarray(compact.T)
        full = untrained.copy()
        full[self.pixels] = compact
        return full

    def select_pixels(self, images: np.ndarray) -> np.ndarray:
        """The input of the network for `images`: uint8 (n, pixels), a new array."""
        selected = _empty_aligned((len(images), len(self.pixels)))
        if selected.size == images.size:
            selected[:] = images.reshape(selected.shape)
            return selected
        return np.take(images.reshape(len(images), -1), self.pixels, axis=1, mode="clip", out=selected)

    def copy_from_model(self) -> None:
        """Copies the model's variables into the network, unless they are equal already."""
        if self._is_newer:
            return
        for full, compact in self._pairs:
            compact.assign(self.to_compact(full, compact))
        self._is_newer = self._is_untrained_stale = True

    def copy_to_model(self) -> None:
        """Copies the trained values into the model."""
        if not self._is_newer:
            return
        for full, compact in self._pairs:
            full.assign(self.to_full(full, compact))
        self._is_newer = False

    def to_compact(self, full: Any, compact: Any) -> Any:
        """A variable of the model, in the network's shape."""
        if full.shape == compact.shape:
            return full
        return ops.transpose(full) if full.shape == compact.shape[::-1] else ops.take(full, self.pixels, axis=0)

    def to_full(self, full: Any, compact: Any) -> Any:
        """A variable of the model, updated with the trained values."""
        if full.shape == compact.shape:
            return compact
        if full.shape == compact.shape[::-1]:
            return ops.transpose(compact)
        return ops.scatter_update(full, self.pixels[:, None], compact)


def compact_pixels(model: keras.Sequential, images: np.ndarray | None) -> np.ndarray | None:
    """The pixels that a compact model would use; None if it needs none. images: None if each epoch has its own."""
    return None if on_gpu() or has_convolutions(model) else pixels_to_train(model, images)


class TransposedDense(keras.layers.Layer):  # type: ignore[misc]
    """The last layer without its softmax, its kernel (10, units): of float32 (n, units) makes logits (10, n)."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.kernel = self.add_weight((NUM_CLASSES, shape[-1]), "zeros", name="kernel")
        self.bias = self.add_weight((NUM_CLASSES,), "zeros", name="bias")

    def call(self, x: Any) -> Any:
        # With `+`: for ten images, `ops.add` on TensorFlow adds along the wrong axis, a bias to each image.
        return ops.matmul(self.kernel, ops.transpose(x)) + self.bias[:, None]


def _empty_aligned(shape: tuple[int, ...]) -> np.ndarray:
    """An empty uint8 array, aligned to `ALIGNMENT` bytes."""
    size = math.prod(shape)
    buffer = np.empty(size + ALIGNMENT, np.uint8)
    start = -buffer.ctypes.data % ALIGNMENT
    return buffer[start : start + size].reshape(shape)


def _without_weights(layer: keras.layers.Layer) -> dict[str, Any]:
    """The layer's config without its initialisers, because the weights are set afterwards."""
    config: dict[str, Any] = layer.get_config()
    return {**config, "kernel_initializer": "zeros"} if "kernel_initializer" in config else config
