"""How accurate a network is. Everything is computed from counts: no mean of means, no dropped remainder.

It also sorts the images by how wrong they are. `calibration` compares confidence with accuracy; `significance` compares
two networks.
"""

import math
from dataclasses import dataclass

import numpy as np

from core.digits import NUM_CLASSES
from core.errors import DataError

Z_95 = 1.959963984540054  # 97.5% of a normal distribution is below


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A network's predictions for a set of images, as counts.

    counts: int64 (10, 10), rows true, columns predicted. loss: mean cross-entropy, None where only counts are known.
    A figure without any image (a digit that never occurs) is NaN, never 0.
    """

    counts: np.ndarray
    loss: float | None = None

    def __post_init__(self) -> None:
        counts = np.asarray(self.counts)
        if counts.shape != (NUM_CLASSES, NUM_CLASSES) or counts.dtype.kind not in "ui" or (counts < 0).any():
            raise DataError(
                f"Counts must be whole numbers from 0, of shape ({NUM_CLASSES}, {NUM_CLASSES}). Count with `evaluate`.",
                received=f"{counts.dtype} {counts.shape}",
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
        """Wilson's 95% interval of the accuracy."""
        return wilson_interval(self.right, self.images)

    @property
    def support(self) -> np.ndarray:
        """How many images of each digit there are: int64 (10,)."""
        return self.counts.sum(axis=1)

    @property
    def precision(self) -> np.ndarray:
        """Of the images predicted as this digit, the share that is right: float64 (10,)."""
        return _share(np.diag(self.counts), self.counts.sum(axis=0))

    @property
    def recall(self) -> np.ndarray:
        """Of the images of this digit, the share that is found: float64 (10,)."""
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
        """The most frequent mistakes first: (true, predicted, how often)."""
        wrong = self.counts - np.diag(np.diag(self.counts))
        order = np.argsort(-wrong, axis=None, kind="stable")[:most]
        return [(int(i // NUM_CLASSES), int(i % NUM_CLASSES), int(wrong.flat[i])) for i in order if wrong.flat[i]]


def evaluate(labels: np.ndarray, logits: np.ndarray) -> Evaluation:
    """Counts predictions by label. labels: uint8 (n,), logits: float (n, 10)."""
    _check(labels, logits)
    predicted = logits.argmax(axis=1) if len(labels) else np.zeros(0, np.int64)
    loss = float(losses(labels, logits).mean()) if len(labels) else None
    return Evaluation(confusion_matrix(labels, predicted), loss)


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """The confusion matrix: int64 (10, 10), rows true, columns predicted."""
    pairs = NUM_CLASSES * labels.astype(np.int64) + predicted.astype(np.int64)
    return np.bincount(pairs, minlength=NUM_CLASSES * NUM_CLASSES).reshape(NUM_CLASSES, NUM_CLASSES)


def losses(labels: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Cross-entropy of each image, −ln of the true digit's probability: float64 (n,), 0 or more.

    It is computed from logits, as in training and in Keras' `fit` and `evaluate` on TensorFlow. From probabilities,
    Keras' losses clip at 1e-7, so a confident mistake would look better than it is.
    """
    above = logits - logits.max(axis=1, keepdims=True).astype(np.float64)
    return np.log(np.exp(above).sum(axis=1)) - _pick_digit(labels, above)


def wilson_interval(right: int, images: int, z: float = Z_95) -> tuple[float, float]:
    """The 95% confidence interval of an accuracy (E. B. Wilson, 1927). (0, 1) without images."""
    if not images:
        return 0.0, 1.0
    share = right / images
    middle = share + z * z / (2 * images)
    reach = z * math.sqrt(share * (1 - share) / images + z * z / (4 * images * images))
    scale = 1 + z * z / images
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def confident_errors(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Indices of the wrong images, the most confident first: int64."""
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    return wrong[np.argsort(-_pick_digit(predicted, probabilities)[wrong], kind="stable")]


def uncertain_correct(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Indices of the right images, the least confident first: int64."""
    right = np.flatnonzero(probabilities.argmax(axis=1) == labels)
    return right[np.argsort(_pick_digit(labels, probabilities)[right], kind="stable")]


def confusion_cell(labels: np.ndarray, probabilities: np.ndarray, truth: int, predicted: int) -> np.ndarray:
    """Indices of the images of `truth` predicted as `predicted`, the lowest probability of `truth` first: int64."""
    here = np.flatnonzero((labels == truth) & (probabilities.argmax(axis=1) == predicted))
    return here[np.argsort(probabilities[here, truth], kind="stable")]


def _pick_digit(digits: np.ndarray, values: np.ndarray) -> np.ndarray:
    """One digit's value for each image: (n,) from values (n, 10)."""
    return values[np.arange(len(digits)), digits]


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def _check(labels: np.ndarray, logits: np.ndarray) -> None:
    if labels.ndim != 1 or logits.shape != (len(labels), NUM_CLASSES):
        raise DataError(
            f"Logits must have shape ({len(labels)}, {NUM_CLASSES}), one row for each label. Predict the images "
            f"that the "
            "labels belong to.",
            received=logits.shape,
        )
    if not np.isfinite(logits).all():
        raise DataError(
            "This network's logits are not finite, because its loss diverged. Train again with a lower learning rate.",
            received="NaN or infinity",
        )
