"""Why a network answers as it does: which pixels count, what each layer makes of an image, which units do nothing."""

import math
from typing import Protocol

import numpy as np

from core.digits import SIDE
from core.errors import RunError
from core.network.backward import ink_slope
from core.network.forward import MODEL
from core.network.numpy_network import Reader

_SILENT = ("scale", "channel", "flatten", "dropout")  # they pass on what is below them


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


def aligned(places: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """A map turned and flipped, without scaling, so that its points are nearest to those of a reference map.

    Both float32 (n, 2), of the same images in the same order; orthogonal Procrustes.
    """
    left, _, right = np.linalg.svd((places - places.mean(0)).T @ (reference - reference.mean(0)))
    return ((places - places.mean(0)) @ (left @ right)).astype(np.float32)
