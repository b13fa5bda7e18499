"""What one batch is, on any backend: the way up through the layers, the loss of each image, and dropout's masks."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

_GOLDEN, _FIRST, _SECOND = 0x9E3779B9, 0x7FEB352D, 0x846CA68B


def logits(model: keras.Sequential, images: Any, step: Any, *, training: bool) -> Any:
    """The ten sums before the softmax: float32 (n, 10) for images uint8 (n, 28, 28).

    The layers are called one by one, so that dropout can draw its masks from the number of the step.
    """
    x = images
    for layer in model.layers[:-1]:
        if isinstance(layer, keras.layers.Dropout):
            x = silenced(x, layer.rate, layer.seed, step) if training and layer.rate else x
        else:
            x = layer(x, training=training)
    top = model.layers[-1]
    return ops.add(_product(x, ops.copy(top.kernel)), top.bias)  # a copy: a gradient of one's own takes no variables


def _ten_wide(x: Any, kernel: Any) -> tuple[Any, Callable[..., tuple[Any, Any]]]:
    """The product of x, float32 (n, units), and the last kernel, (units, 10), and what gives both gradients.

    On a CPU a product 10 wide takes XLA up to six times as long as its transpose, 10 high. The kernel's gradient is
    therefore computed 10 high and transposed, with a row too many that is cut off in between: else XLA sees that this
    is one product, and computes it 10 wide again.
    """

    def gradients(above: Any, **_: Any) -> tuple[Any, Any]:
        high = ops.matmul(ops.transpose(ops.pad(above, [(0, 0), (0, 1)])), x)
        return ops.matmul(above, ops.transpose(kernel)), ops.transpose(high[:-1])

    return ops.matmul(x, kernel), gradients


_product: Any = ops.custom_gradient(_ten_wide)


def losses(model: keras.Sequential, labels: Any, sums: Any) -> Any:
    """The cross-entropy of each image, in the form of labels that the model was compiled with: float32 (n,)."""
    if model.loss == "categorical_crossentropy":
        return ops.categorical_crossentropy(ops.one_hot(labels, sums.shape[-1]), sums, from_logits=True)
    return ops.sparse_categorical_crossentropy(ops.cast(labels, "int32"), sums, from_logits=True)


def present(values: Any, size: Any) -> Any:
    """`values` of a batch, with 0 for those from place `size` on: images that only fill the batch up."""
    return ops.where(ops.arange(values.shape[0], dtype="float32") < size, values, ops.zeros_like(values))


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
