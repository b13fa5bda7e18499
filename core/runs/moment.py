"""A moment: a small snapshot of a network while it learns, reduced to what pages show."""

from dataclasses import dataclass

import numpy as np

MAX_IMAGES = 500  # fixed images
FIRST_IMAGES = 25  # those that the Train page shows come first
MAX_UNITS = 32  # units of a layer in a moment
MAX_MAPS = FIRST_IMAGES  # images whose feature maps are in a moment; earlier versions kept those of three
MAX_MAP_SIDE = 14
_MAX_DIFFERENCE = 0.02  # of two accuracies on the same images: in float16 two digits may be equally probable


@dataclass(frozen=True, eq=False)
class LayerMoment:
    """One layer with weights at one moment, reduced to at most 32 of its units.

    update_ratio: norm of the change of the whole kernel since the moment before, per step, divided by the kernel's
    norm; NaN at the first moment. dead: share of all units whose output is 0 for every fixed image; 0 without relu.
    """

    name: str  # as in `core.config.layers`: dense512, conv32x3; softmax10 for the last
    kind: str  # "dense" or "conv"
    units: np.ndarray  # int32 (k,), k <= 32; the same in all moments of a run
    kernel: np.ndarray  # float16: dense (inputs, k); conv (height, width, channels, k)
    bias: np.ndarray  # float16 (k,); 0 where a normalisation follows
    activations: np.ndarray  # float16: dense (n, k); conv (at most 25, height, width, k), sides of at most 14
    update_ratio: float
    dead: float
    peaks: np.ndarray | None = None  # float16 (n, k): the largest value of each feature map; None in earlier versions


@dataclass(frozen=True, eq=False)
class Moment:
    """A network after `step` batches, with its answers for the fixed images of `fixed_images`.

    Where a run also trains on the fixed images (`validate_on` "test" or "none"), the validation figures say how well
    the network knows images that it trains on.
    """

    step: int
    epoch: float  # a fraction: 0.0 before training, 1.0 after the first epoch
    loss: float  # mean of the epoch so far; NaN at step 0
    accuracy: float
    validation_loss: float  # of the fixed images, measured at this moment
    validation_accuracy: float
    layers: tuple[LayerMoment, ...]  # from the image to the softmax
    probabilities: np.ndarray  # float16 (n, 10)
    positions: np.ndarray  # float32 (n, 2): first two principal components of the last hidden layer
    weights: tuple[np.ndarray, ...] | None = None  # float32, in the order of Keras' `Model.get_weights()`

    def fits(self, labels: np.ndarray) -> bool:
        """Whether it was measured on images with these labels, (n,): a run may be trained with another data set.

        A moment of a run that diverged has no accuracy to compare, and fits every set of n images.
        """
        if len(self.probabilities) != len(labels):
            return False
        if not np.isfinite(self.probabilities).all():
            return True
        accuracy = float((self.probabilities.argmax(axis=1) == labels).mean())
        return abs(accuracy - self.validation_accuracy) <= _MAX_DIFFERENCE
