"""One batch on any backend: the forward pass, the gradient at the logits, and dropout's masks."""

from typing import Any

import keras
from keras import ops

from core.digits import NUM_CLASSES
from core.training.compact_model import TransposedDense

_GOLDEN, _FIRST, _SECOND = 0x9E3779B9, 0x7FEB352D, 0x846CA68B


def logits(model: keras.Sequential, images: Any) -> Any:
    """The logits: float32 (n, 10) for images uint8 (n, 28, 28)."""
    last_layer = model.layers[-1]
    return ops.add(ops.matmul(_last_hidden_output(model, images), last_layer.kernel), last_layer.bias)


def logit_columns(model: keras.Sequential, images: Any, step: Any) -> Any:
    """The logits in training, one column for each image: float32 (10, n). step: how many steps were taken before."""
    last_layer, x = model.layers[-1], _last_hidden_output(model, images, step)
    return (
        last_layer(x)
        if isinstance(last_layer, TransposedDense)
        else ops.transpose(ops.add(ops.matmul(x, last_layer.kernel), last_layer.bias))
    )


def logit_gradients(labels: Any, logits: Any, size: Any) -> Any:
    """The gradient of a batch's mean cross-entropy at its logits, both float32 (10, n).

    It is probability minus target, for both forms of labels. Images from position `size` on are padding.
    """
    exponentials = ops.exp(ops.subtract(logits, ops.max(logits, axis=0)))
    probabilities = ops.divide(exponentials, ops.sum(exponentials, axis=0))
    targets = ops.equal(ops.cast(labels, "int32"), ops.arange(NUM_CLASSES, dtype="int32")[:, None])
    weights = ops.where(ops.arange(logits.shape[1], dtype="float32") < size, ops.divide(1.0, size), 0.0)
    return ops.multiply(ops.subtract(probabilities, ops.cast(targets, "float32")), weights)


def _last_hidden_output(model: keras.Sequential, images: Any, step: Any = None) -> Any:
    """The input of the last layer: float32 (n, units). `step` is None outside training.

    The layers are called one by one, so that dropout can compute its masks from the step number.
    """
    training, x = step is not None, images
    for layer in model.layers[:-1]:
        if isinstance(layer, keras.layers.Dropout):
            x = apply_dropout(x, layer.rate, _dropout_seed(layer), step) if training and layer.rate else x
        else:
            x = layer(x, training=training)
    return x


def _dropout_seed(layer: keras.layers.Dropout) -> Any:
    """The seed of a layer, as a variable: so one compiled program serves every seed of a config."""
    return ops.cast(layer.seed_generator.state[0], "uint32")


def apply_dropout(x: Any, rate: float, seed: Any, step: Any) -> Any:
    """`x` with a random share `rate` of its values set to 0 and the others scaled up, as in Keras' dropout.

    The random numbers are a hash of seed, step and position, a dozen integer operations each. Keras uses Philox,
    which takes XLA on a CPU longer than the rest of a small network's step.
    """
    size = 1
    for length in x.shape:
        size *= length
    key = _hash_bits(ops.add(ops.multiply(ops.cast(step, "uint32"), _u32(_GOLDEN)), _u32(seed)))
    bits = _hash_bits(
        ops.add(_hash_bits(ops.bitwise_xor(ops.cast(ops.arange(size, dtype="int32"), "uint32"), key)), key)
    )
    is_kept = ops.greater_equal(bits, _u32(round(rate * 2**32)))
    return ops.where(ops.reshape(is_kept, x.shape), ops.multiply(x, 1 / (1 - rate)), ops.zeros_like(x))


def _hash_bits(bits: Any) -> Any:
    """C. Wellons' `lowbias32`, a bijection on uint32: each input bit flips each output bit half of the time."""
    bits = ops.multiply(ops.bitwise_xor(bits, ops.right_shift(bits, _u32(16))), _u32(_FIRST))
    bits = ops.multiply(ops.bitwise_xor(bits, ops.right_shift(bits, _u32(15))), _u32(_SECOND))
    return ops.bitwise_xor(bits, ops.right_shift(bits, _u32(16)))


def _u32(value: Any) -> Any:
    return ops.convert_to_tensor(value, dtype="uint32")
