"""Why a network answers as it does: which pixels count, what each layer makes of an image, which units do nothing.

Works on any Keras model whose layers stand in one row, as `models` builds them. Keras itself is imported only where a
gradient is needed, so that pages may import this module.
"""

import math
from typing import Any, Protocol

import numpy as np

from core.digits import SIDE
from core.errors import RunError

_SILENT = ("Dropout", "Rescaling", "Reshape", "Flatten")  # they pass on what is below them
_UNITS = ("Dense", "Conv2D", "Activation")
_AT_ONCE = 256  # images a call: a convolution's outputs of all of them must fit into memory


class Answers(Protocol):
    """Whatever gives probabilities: `predict.Predictor`."""

    def probabilities(self, images: np.ndarray) -> np.ndarray: ...


def saliency(model: Any, image: np.ndarray, digit: int) -> np.ndarray:
    """How much each pixel speaks for `digit`: the gradient of its logit by the ink (0 to 1), float32 (28, 28).

    Positive: more ink here makes `digit` more likely. image: uint8 (28, 28). The logit, not the probability, because a
    sure network's softmax is flat. K. Simonyan et al., Deep Inside Convolutional Networks, 2014.
    """
    ink = image[None].astype(np.float32) / 255  # (1, 28, 28), as the model's own first layer scales it
    return np.asarray(_gradient(model, ink, digit), np.float32).reshape(SIDE, SIDE)


def occlusion(predictor: Answers, image: np.ndarray, digit: int, window: int = 5) -> np.ndarray:
    """How much of `digit`'s probability is lost when a square around each pixel is made paper: float32 (28, 28).

    Positive: what was covered spoke for `digit`. Negative: against it. In [−1, 1].
    M. Zeiler and R. Fergus, Visualizing and Understanding Convolutional Networks, 2014.
    """
    rows, columns = np.divmod(np.arange(SIDE * SIDE), SIDE)
    here = np.arange(SIDE)
    covered = (np.abs(here[None, :, None] - rows[:, None, None]) <= window // 2) & (
        np.abs(here[None, None, :] - columns[:, None, None]) <= window // 2
    )  # (784, 28, 28): the square of each pixel
    pictures = np.where(covered, 0, image[None]).astype(np.uint8)
    probabilities = predictor.probabilities(np.concatenate([image[None], pictures]))[:, digit]
    return (probabilities[0] - probabilities[1:]).astype(np.float32).reshape(SIDE, SIDE)


def activations(model: Any, image: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """What each layer gives for one image: (its name, float32 of its output's shape), from the image upwards.

    Layers that only scale, reshape or (in training) drop are left out.
    """
    outputs = _outputs(model, image[None])
    return [(layer.name, output[0]) for layer, output in outputs if type(layer).__name__ not in _SILENT]


def first_weights(model: Any) -> np.ndarray:
    """What the first layer looks for: float32 (units, 28, 28) of a dense layer, (filters, k, k) of a convolution."""
    for layer in model.layers:
        if type(layer).__name__ == "Conv2D":
            return np.moveaxis(_kernel(layer)[:, :, 0], -1, 0)  # (k, k, 1, filters) → (filters, k, k)
        if type(layer).__name__ == "Dense":
            kernel = _kernel(layer)  # (pixels, units)
            side = math.isqrt(len(kernel))
            return kernel.T.reshape(-1, side, side)
    raise RunError("This network has no layer with weights. Train one with at least its softmax layer.")


def dead_units(model: Any, images: np.ndarray) -> list[tuple[str, int, int]]:
    """Units that give one and the same value for all `images`: (layer, how many are dead, of how many).

    A relu that is never above 0 learns nothing any more: no gradient passes it. images: uint8 (n, 28, 28).
    """
    lows: dict[str, np.ndarray] = {}
    highs: dict[str, np.ndarray] = {}
    for start in range(0, len(images), _AT_ONCE):
        for layer, output in _outputs(model, images[start : start + _AT_ONCE])[:-1]:
            if type(layer).__name__ in _UNITS and _bends(layer):
                values = output.reshape(-1, output.shape[-1])  # (images × positions, units)
                lows[layer.name] = np.minimum(values.min(0), lows.get(layer.name, np.inf))
                highs[layer.name] = np.maximum(values.max(0), highs.get(layer.name, -np.inf))
    return [(name, int((highs[name] == low).sum()), len(low)) for name, low in lows.items()]


def principal_map(features: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """The two directions in which features differ most: float32 (n, 2), and the share of all variance each explains.

    features: float (n, units). Signs are fixed so that the same features always give the same picture.
    """
    centred = features.astype(np.float64) - features.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred)  # ascending; units × units is small beside n × units
    values, vectors = values[::-1], vectors[:, ::-1][:, :2]
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])])
    places = np.zeros((len(features), 2), np.float32)
    places[:, : vectors.shape[1]] = centred @ vectors
    total = max(float(values.sum()), 1e-12)
    shares = [float(value) / total for value in values[:2]] + [0.0]
    return places, (shares[0], shares[1])


def _outputs(model: Any, images: np.ndarray) -> list[tuple[Any, np.ndarray]]:
    """Each layer with its output for `images`: float32 (n, …)."""
    import keras

    outputs = []
    values: Any = keras.ops.convert_to_tensor(images)
    for layer in model.layers:
        values = layer(values, training=False)
        outputs.append((layer, np.asarray(keras.ops.convert_to_numpy(values), np.float32)))
    return outputs


def _logit(model: Any, ink: Any, digit: int) -> Any:
    """The logit of `digit` for ink (1, 28, 28) in [0, 1]: what stands before the softmax of the last layer."""
    import keras

    values = ink
    for layer in model.layers[:-1]:
        if type(layer).__name__ != "Rescaling":
            values = layer(values, training=False)
    last = model.layers[-1]
    return keras.ops.sum(values * last.kernel[:, digit]) + last.bias[digit]


def _gradient(model: Any, ink: np.ndarray, digit: int) -> Any:
    """∂ logit / ∂ ink: (1, 28, 28), by whichever library Keras computes with."""
    import keras

    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            pixels = tf.constant(ink)
            with tf.GradientTape() as tape:
                tape.watch(pixels)
                logit = _logit(model, pixels, digit)
            return tape.gradient(logit, pixels)
        case "jax":
            import jax

            return jax.grad(lambda pixels: _logit(model, pixels, digit))(ink)
        case other:
            raise RunError(
                f"Saliency needs Keras on TensorFlow or JAX. Received: {other}. Look at the occlusion map instead."
            )


def _bends(layer: Any) -> bool:
    return getattr(layer.activation, "__name__", "linear") != "linear"


def _kernel(layer: Any) -> np.ndarray:
    return np.asarray(layer.get_weights()[0], np.float32)
