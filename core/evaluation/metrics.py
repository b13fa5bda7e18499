"""How right a network is: everything is derived from counts, so no mean of means and no dropped remainder.

Which images are wrong, and in which order to look at them, is here too. How far the network's own percentages can be
trusted is in `calibration`; whether two networks really differ is in `significance`.
"""

import math
from dataclasses import dataclass

import numpy as np

from core.digits import NUM_CLASSES
from core.errors import DataError

Z_95 = 1.959963984540054  # 97.5 % of a normal distribution lies below


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a network said about a set of images, as counts.

    counts: int64 (10, 10), rows true, columns predicted. loss: mean cross-entropy, None where only counts are known.
    Every figure derived from nothing (a digit that never occurs) is NaN, never 0.
    """

    counts: np.ndarray
    loss: float | None = None

    def __post_init__(self) -> None:
        counts = np.asarray(self.counts)
        if counts.shape != (NUM_CLASSES, NUM_CLASSES) or counts.dtype.kind not in "ui" or (counts < 0).any():
            raise DataError(
                f"Counts must be whole numbers, not negative, of shape ({NUM_CLASSES}, {NUM_CLASSES}). "
                f"Received: {counts.dtype} {counts.shape}. Count with `evaluate`."
            )
        object.__setattr__(self, "counts", counts.astype(np.int64))

    def __repr__(self) -> str:
        low, high = self.interval
        return f"Evaluation({self.right:,} of {self.images:,} right, {self.accuracy:.2%} [{low:.2%}, {high:.2%}])"

    @property
    def images(self) -> int:
        return int(self.counts.sum())

    @property
    def right(self) -> int:
        return int(np.trace(self.counts))

    @property
    def accuracy(self) -> float:
        """Share of the images that are right, in [0, 1]."""
        return self.right / self.images if self.images else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the accuracy."""
        return wilson(self.right, self.images)

    @property
    def support(self) -> np.ndarray:
        """How many images of each digit there are: int64 (10,)."""
        return self.counts.sum(axis=1)

    @property
    def precision(self) -> np.ndarray:
        """Of the images called this digit, the share that are it: float64 (10,)."""
        return _share(np.diag(self.counts), self.counts.sum(axis=0))

    @property
    def recall(self) -> np.ndarray:
        """Of the images that are this digit, the share that are found: float64 (10,)."""
        return _share(np.diag(self.counts), self.support)

    @property
    def f1(self) -> np.ndarray:
        """The harmonic mean of precision and recall: float64 (10,)."""
        return _share(2 * np.diag(self.counts), self.counts.sum(axis=0) + self.support)

    @property
    def shares(self) -> np.ndarray:
        """Each row of the counts as shares of that digit's images: float64 (10, 10), rows sum to 1."""
        return _share(self.counts, self.support[:, None])

    def confusions(self, most: int = 5) -> list[tuple[int, int, int]]:
        """The commonest mistakes: (true, predicted, how often), most often first."""
        wrong = self.counts - np.diag(np.diag(self.counts))
        order = np.argsort(-wrong, axis=None, kind="stable")[:most]
        return [(int(i // NUM_CLASSES), int(i % NUM_CLASSES), int(wrong.flat[i])) for i in order if wrong.flat[i]]


def evaluate(labels: np.ndarray, logits: np.ndarray) -> Evaluation:
    """Counts what was taken for what. labels: uint8 (n,), logits: the ten sums before the softmax, float (n, 10)."""
    _check(labels, logits)
    predicted = logits.argmax(axis=1) if len(labels) else np.zeros(0, np.int64)
    loss = float(losses(labels, logits).mean()) if len(labels) else None
    return Evaluation(confusion(labels, predicted), loss)


def confusion(labels: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """How often each digit was taken for each: int64 (10, 10), rows true, columns predicted."""
    pairs = NUM_CLASSES * labels.astype(np.int64) + predicted.astype(np.int64)
    return np.bincount(pairs, minlength=NUM_CLASSES * NUM_CLASSES).reshape(NUM_CLASSES, NUM_CLASSES)


def losses(labels: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Cross-entropy of each image, −ln of the true digit's probability: float64 (n,), from 0 to any height.

    From the logits, as training has it and as Keras' `fit` and `evaluate` have it on TensorFlow. A probability in
    float32 ends at 1e-45, and Keras' losses cut it at 1e-7 where they are handed nothing else: a network that is sure
    and wrong would look better than it is.
    """
    above = logits - logits.max(axis=1, keepdims=True).astype(np.float64)
    return np.log(np.exp(above).sum(axis=1)) - _of(labels, above)


def wilson(right: int, images: int, z: float = Z_95) -> tuple[float, float]:
    """The interval that holds the true accuracy in 95 of 100 such tests (E. B. Wilson, 1927). (0, 1) for no image."""
    if not images:
        return 0.0, 1.0
    share = right / images
    middle = share + z * z / (2 * images)
    reach = z * math.sqrt(share * (1 - share) / images + z * z / (4 * images * images))
    scale = 1 + z * z / images
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def confident_mistakes(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Indices of the wrong images, the surest of itself first: int64."""
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    return wrong[np.argsort(-_of(predicted, probabilities)[wrong], kind="stable")]


def doubtful_hits(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Indices of the right images, the least sure first: int64."""
    right = np.flatnonzero(probabilities.argmax(axis=1) == labels)
    return right[np.argsort(_of(labels, probabilities)[right], kind="stable")]


def cell(labels: np.ndarray, probabilities: np.ndarray, truth: int, predicted: int) -> np.ndarray:
    """Indices of the images of `truth` taken for `predicted`, worst first: by the true digit's probability. int64."""
    here = np.flatnonzero((labels == truth) & (probabilities.argmax(axis=1) == predicted))
    return here[np.argsort(probabilities[here, truth], kind="stable")]


def _of(digits: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The value of one digit for each image, of values (n, 10): (n,)."""
    return values[np.arange(len(digits)), digits]


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def _check(labels: np.ndarray, logits: np.ndarray) -> None:
    if labels.ndim != 1 or logits.shape != (len(labels), NUM_CLASSES):
        raise DataError(
            f"Logits must be of shape ({len(labels)}, {NUM_CLASSES}), one row for each label. "
            f"Received: {logits.shape}. Ask the network about the images the labels belong to."
        )
    if not np.isfinite(logits).all():
        raise DataError(
            "Logits must be finite. Received: NaN or infinity, which a network gives whose loss ran away. "
            "Train it anew with a lower learning rate."
        )
