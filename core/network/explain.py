"""Why a network predicts a digit: which pixels matter, what each layer outputs, and a map of the last hidden layer."""

import math
from typing import Protocol

import numpy as np

from core.data.principal_components import principal_directions
from core.digits import SIDE
from core.errors import RunError
from core.network.forward import MODEL
from core.network.numpy_network import Reader

_RESHAPING = ("scale", "channel", "flatten", "dropout")  # they only reshape or scale


class Classifier(Protocol):
    """Anything with probabilities: `numpy_network.Reader` or `predict.Predictor`."""

    def probabilities(self, images: np.ndarray) -> np.ndarray: ...


def saliency(reader: Reader, image: np.ndarray, digit: int) -> np.ndarray:
    """How much each pixel supports `digit`: the gradient of its logit with respect to ink (0 to 1), float32 (28, 28).

    Positive: more ink here makes `digit` more likely. image: uint8 (28, 28). The logit, not the probability, because
    the softmax of a confident network is flat. K. Simonyan et al., Deep Inside Convolutional Networks, 2014.
    """
    return reader.gradient(image, digit)


def occlusion(network: Classifier, image: np.ndarray, digit: int, window: int = 5) -> np.ndarray:
    """How much the probability of `digit` falls if a square around each pixel becomes paper: float32 (28, 28).

    Positive: the covered ink supports `digit`. Negative: it lowers it. In [−1, 1].
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
    """The output of each layer for one image: (its name, float32 of its output shape), the first layer first.

    Layers that only scale, reshape or (in training) drop units are left out.
    """
    return [(row.name, values[0]) for row, values in reader.layers(image[None]) if row.kind not in _RESHAPING]


def first_weights(reader: Reader) -> np.ndarray:
    """The first layer's weights as images: float32 (units, 28, 28) (dense) or (filters, k, k) (conv)."""
    for row in reader.rows:
        if row.kind in ("dense", "conv"):
            kernel = reader.weights[f"{MODEL}/{row.name}/kernel"]
            if row.kind == "conv" and kernel.shape[2] == 1:
                return np.moveaxis(kernel[:, :, 0], -1, 0)  # (k, k, 1, filters) → (filters, k, k)
            if row.kind == "dense" and (side := math.isqrt(len(kernel))) ** 2 == len(kernel):
                return kernel.T.reshape(-1, side, side)  # (pixels, units)
            break
    raise RunError("This network has no first layer whose weights form an image. Look at its layer outputs instead.")


def principal_components(features: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """The first two principal components: float32 (n, 2), and the share of the variance that each explains.

    features: float (n, units). Signs are fixed, so the same features always give the same map.
    """
    centred = features.astype(np.float64) - features.mean(axis=0)
    directions, found = principal_directions(centred.T @ centred, 2)  # units × units is small beside n × units
    places = np.zeros((len(features), 2), np.float32)
    places[:, : directions.shape[1]] = centred @ directions
    shares = [*map(float, found), 0.0]  # a layer of one unit has one direction
    return places, (shares[0], shares[1])


def align_map(places: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """A map turned and flipped, without scaling, so that its points are nearest to those of a reference map.

    Both float32 (n, 2), of the same images in the same order; orthogonal Procrustes.
    """
    left, _, right = np.linalg.svd((places - places.mean(0)).T @ (reference - reference.mean(0)))
    return ((places - places.mean(0)) @ (left @ right)).astype(np.float32)
