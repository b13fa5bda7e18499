"""What a drawing of a network consists of: layers, units, sums and connections as plain values."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Term:
    """One product of a sum: `weight` x `value`, and where the value comes from."""

    source: str  # "pixel row 4, column 11", "unit 17", "map 3, row 2, column 5"
    weight: float
    value: float
    index: int  # of the weight among those of its unit, in the order of the kernel's memory


@dataclass(frozen=True, eq=False)
class Patch:
    """A filter and the piece of its input that it is multiplied with, both float32 (k, k), of one input channel."""

    channel: int
    channels: int  # of the input
    row: int
    column: int
    filter: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class LayerView:
    """One drawn layer: at most 32 of its units, in the order of `units`.

    edges: (from, to, value) with `to` a place in `units`, and `from` a place in the units of the layer before, or a
    pixel (0 to 783) in the first layer; value = weight x activation (of a convolution, the mean over its places).
    """

    name: str  # as in the layer table: dense1, conv2, probabilities
    kind: str  # dense, conv or output
    total: int
    units: np.ndarray  # int (k,)
    values: np.ndarray  # float32 (k,): activations; the largest of a feature map; probabilities of the output
    sums: np.ndarray  # float32 (k,): w·x + b; NaN where a snapshot does not hold it
    biases: np.ndarray  # float32 (k,)
    pictures: np.ndarray | None  # float32 (k, h, w): weights of a dense first layer, feature maps of a convolution
    edges: tuple[tuple[int, int, float], ...] = ()
    terms: tuple[tuple[Term, ...], ...] = ()
    patches: tuple[Patch, ...] = ()
    exciting: np.ndarray | None = None  # int (k, <=5): places in the fixed images, the most exciting first
    dead: np.ndarray | None = None  # bool (k,)
    normed: bool = False  # a batch normalisation follows the sum


@dataclass(frozen=True, eq=False)
class NetworkView:
    """All drawn layers for one image, from the image to the ten probabilities."""

    image: np.ndarray  # uint8 (28, 28)
    layers: tuple[LayerView, ...]
    exact: bool  # the sums come from all float32 weights


@dataclass(frozen=True, eq=False)
class LayerSurvey:
    """What one drawn layer does on many images: the units to draw, the images that activate them most, dead units."""

    units: np.ndarray
    exciting: np.ndarray
    dead: np.ndarray
