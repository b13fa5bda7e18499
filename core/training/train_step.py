"""What one batch is, on any backend: the way up through the layers, where the way down begins, and dropout's masks."""

from typing import Any

import keras
from keras import ops

from core.digits import CLASSES
from core.training.compact_model import Upright

_GOLDEN, _FIRST, _SECOND = 0x9E3779B9, 0x7FEB352D, 0x846CA68B


def logits(model: keras.Sequential, images: Any) -> Any:
    """The ten sums before the softmax: float32 (n, 10) for images uint8 (n, 28, 28)."""
    top = model.layers[-1]
    return ops.add(ops.matmul(_below(model, images), top.kernel), top.bias)


def columns(model: keras.Sequential, images: Any, step: Any) -> Any:
    """The same sums in training, a column for each image: float32 (10, n). `step` is how many were taken before."""
    top, x = model.layers[-1], _below(model, images, step)
    return top(x) if isinstance(top, Upright) else ops.transpose(ops.add(ops.matmul(x, top.kernel), top.bias))


def slopes(labels: Any, logits: Any, size: Any) -> Any:
    """The gradient of a batch's mean cross-entropy at its logits, both float32 (10, n).

    It is what is said of each digit less what is true, whichever form labels have. Images from place `size` on only
    fill the batch up.
    """
    powers = ops.exp(ops.subtract(logits, ops.max(logits, axis=0)))
    said = ops.divide(powers, ops.sum(powers, axis=0))
    true = ops.equal(ops.cast(labels, "int32"), ops.arange(CLASSES, dtype="int32")[:, None])
    share = ops.where(ops.arange(logits.shape[1], dtype="float32") < size, ops.divide(1.0, size), 0.0)
    return ops.multiply(ops.subtract(said, ops.cast(true, "float32")), share)


def _below(model: keras.Sequential, images: Any, step: Any = None) -> Any:
    """What the last layer is given: float32 (n, units). `step` is None where nothing is trained.

    The layers are called one by one, so that dropout can draw its masks from the number of the step.
    """
    training, x = step is not None, images
    for layer in model.layers[:-1]:
        if isinstance(layer, keras.layers.Dropout):
            x = silenced(x, layer.rate, layer.seed, step) if training and layer.rate else x
        else:
            x = layer(x, training=training)
    return x


def silenced(x: Any, rate: float, seed: int, step: Any) -> Any:
    """`x` with a random share `rate` of its values at 0 and the others scaled up, as Keras' dropout does.

    The random numbers are a hash of seed, step and place, a dozen integer operations each. Keras draws them with
    Philox, which takes XLA on a CPU longer than the rest of a small network's step.
    """
    size = 1
    for length in x.shape:
        size *= length
    key = _mixed(ops.add(ops.multiply(ops.cast(step, "uint32"), _u32(_GOLDEN)), _u32(seed)))
    bits = _mixed(ops.add(_mixed(ops.bitwise_xor(ops.cast(ops.arange(size, dtype="int32"), "uint32"), key)), key))
    kept = ops.greater_equal(bits, _u32(round(rate * 2**32)))
    return ops.where(ops.reshape(kept, x.shape), ops.multiply(x, 1 / (1 - rate)), ops.zeros_like(x))


def _mixed(bits: Any) -> Any:
    """C. Wellons' `lowbias32`, a bijection on uint32: each input bit flips each output bit half of the time."""
    bits = ops.multiply(ops.bitwise_xor(bits, ops.right_shift(bits, _u32(16))), _u32(_FIRST))
    bits = ops.multiply(ops.bitwise_xor(bits, ops.right_shift(bits, _u32(15))), _u32(_SECOND))
    return ops.bitwise_xor(bits, ops.right_shift(bits, _u32(16)))


def _u32(value: int) -> Any:
    return ops.convert_to_tensor(value, dtype="uint32")
