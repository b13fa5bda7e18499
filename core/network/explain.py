"""Why a network answers as it does: which pixels count, what each layer makes of an image, which units do nothing."""

import math
from typing import Protocol

import numpy as np

from core.data.principal_components import principal_directions
from core.digits import SIDE
from core.errors import RunError
from core.network.backward import ink_slope
from core.network.forward import MODEL
from core.network.numpy_network import Reader

_UNITS = ("dense", "conv", "activation")
_SILENT = ("scale", "channel", "flatten", "dropout")  # they pass on what is below them
_AT_ONCE = 64  # images a call: what a convolution makes of them still fits into the processor's cache


class Answers(Protocol):
    """Whatever gives probabilities: `reader.Reader` or `predict.Predictor`."""

    def probabilities(self, images: np.ndarray) -> np.ndarray: ...


def saliency(reader: Reader, image: np.ndarray, digit: int) -> np.ndarray:
    """How much each pixel speaks for `digit`: the gradient of its logit by the ink (0 to 1), float32 (28, 28).

    Positive: more ink here makes `digit` more likely. image: uint8 (28, 28). The logit, not the probability, because a
    sure network's softmax is flat. K. Simonyan et al., Deep Inside Convolutional Networks, 2014.
    """
    return ink_slope(reader.config, reader.weights, image, digit)


def occlusion(network: Answers, image: np.ndarray, digit: int, window: int = 5) -> np.ndarray:
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
    probabilities = network.probabilities(np.concatenate([image[None], pictures]))[:, digit]
    return (probabilities[0] - probabilities[1:]).astype(np.float32).reshape(SIDE, SIDE)


def activations(reader: Reader, image: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """What each layer gives for one image: (its name, float32 of its output's shape), from the image upwards.

    Layers that only scale, reshape or (in training) drop are left out.
    """
    return [(row.name, values[0]) for row, values in reader.layers(image[None]) if row.kind not in _SILENT]


def first_weights(reader: Reader) -> np.ndarray:
    """What the first layer looks for: float32 (units, 28, 28) of a dense layer, (filters, k, k) of a convolution."""
    for row in reader.rows:
        if row.kind in ("dense", "conv"):
            kernel = reader.weights[f"{MODEL}/{row.name}/kernel"]
            if row.kind == "conv":
                return np.moveaxis(kernel[:, :, 0], -1, 0)  # (k, k, 1, filters) → (filters, k, k)
            side = math.isqrt(len(kernel))  # (pixels, units)
            return kernel.T.reshape(-1, side, side)
    raise RunError("This network has no layer with weights. Train one with at least its softmax layer.")


def dead_units(reader: Reader, images: np.ndarray) -> list[tuple[str, int, int]]:
    """Units that give one and the same value for all `images`: (layer, how many are dead, of how many).

    A relu that is never above 0 learns nothing any more: no gradient passes it. images: uint8 (n, 28, 28).
    """
    lows: dict[str, np.ndarray] = {}
    highs: dict[str, np.ndarray] = {}
    for start in range(0, len(images), _AT_ONCE):
        for row, output in reader.layers(images[start : start + _AT_ONCE])[:-1]:
            if row.kind in _UNITS and row.activation not in ("", "linear"):
                values = output.reshape(-1, output.shape[-1])  # (images × positions, units)
                lows[row.name] = np.minimum(values.min(0), lows.get(row.name, np.inf))
                highs[row.name] = np.maximum(values.max(0), highs.get(row.name, -np.inf))
    return [(name, int((highs[name] == low).sum()), len(low)) for name, low in lows.items()]


def principal_map(features: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """The two directions in which features differ most: float32 (n, 2), and the share of all variance each explains.

    features: float (n, units). Signs are fixed so that the same features always give the same picture.
    """
    centred = features.astype(np.float64) - features.mean(axis=0)
    directions, found = principal_directions(centred.T @ centred, 2)  # units × units is small beside n × units
    places = np.zeros((len(features), 2), np.float32)
    places[:, : directions.shape[1]] = centred @ directions
    shares = [*map(float, found), 0.0]  # a layer of one unit has one direction
    return places, (shares[0], shares[1])
