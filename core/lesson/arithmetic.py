"""The arithmetic between an image and its loss: scaling, one-hot labels, batches, softmax and cross-entropy."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from core.digits import NUM_CLASSES

# Softmax of one 1 and nine 0s: 23.2% and 8.5%.
SOFTMAX_OF_ONE, SOFTMAX_OF_ZERO = np.e / (np.e + 9), 1 / (np.e + 9)
# Divides the logits of the mean images. Of the powers of two, this one has the lowest loss on MNIST's training images.
TEMPERATURE = 4.0
KERAS_EPSILON = 1e-7  # Keras raises smaller probabilities to this value before it takes the logarithm


def flatten(images: np.ndarray) -> np.ndarray:
    """All rows of each image in one row: (n, 28, 28) → (n, 784)."""
    return images.reshape(len(images), -1)


def normalise(images: np.ndarray, dtype: type = np.float32) -> np.ndarray:
    """uint8 0 to 255 → floating point 0 to 1, same shape."""
    return images.astype(dtype) / dtype(255)


def one_hot(labels: np.ndarray) -> np.ndarray:
    """Each label becomes ten numbers: one 1 and nine 0s: float32 (n, 10)."""
    return np.eye(NUM_CLASSES, dtype=np.float32)[labels]


def batches(n: int, size: int) -> Iterator[slice]:
    """Splits `n` images into batches of `size`; the last one holds the rest."""
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def steps_per_epoch(n: int, size: int) -> int:
    """The number of batches: n / size, rounded up."""
    return -(-n // size)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Logits → probabilities along the last axis. Each row sums to 1."""
    # Subtracting the largest logit does not change the result and avoids overflow.
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def sparse_cross_entropy(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """−ln of the probability of the true digit: float (n,). Labels are numbers, (n,)."""
    return -np.log(probabilities[np.arange(len(labels)), labels])


def cross_entropy(one_hot_labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """−Σ target · ln probability: float (n,). Labels are one-hot rows, (n, 10)."""
    return -(one_hot_labels * np.log(probabilities)).sum(axis=-1)


class TemplateLayer(NamedTuple):
    """A network of one layer without training. The weights of a digit are its mean image."""

    weights: np.ndarray  # float32 (784, 10)
    biases: np.ndarray  # float32 (10,)

    def scores(self, images: np.ndarray) -> np.ndarray:
        """Logits with a mean of 0, higher for closer mean images: uint8 (n, 28, 28) → float32 (n, 10)."""
        return flatten(normalise(images)) @ self.weights + self.biases


def make_template_layer(means: np.ndarray) -> TemplateLayer:
    """The layer whose logits rank the digits by their distance to `means`, float32 (10, 28, 28), 0 to 255.

    |x − m|² = |x|² − 2 x·m + |m|², and |x|² is the same for all ten digits. So the mean with the largest
    x·m − |m|² / 2 is nearest.
    """
    rows = flatten(means).astype(np.float32) / 255
    weights, biases = rows.T * (2 / TEMPERATURE), -np.square(rows).sum(axis=1) / TEMPERATURE
    # Centred: the ten logits of an image have a mean of 0. They are easier to read, and softmax stays the same.
    return TemplateLayer(weights - weights.mean(axis=1, keepdims=True), biases - biases.mean())


class SoftmaxSteps(NamedTuple):
    """Softmax with all intermediate values: float64 (10,) each."""

    scores: np.ndarray
    powers: np.ndarray
    total: float
    shares: np.ndarray


def softmax_steps(scores: np.ndarray) -> SoftmaxSteps:
    """e to the power of each logit, their sum, and each power divided by it. scores: float (10,), below 700."""
    scores = scores.astype(np.float64)
    powers = np.exp(scores)
    return SoftmaxSteps(scores, powers, float(powers.sum()), powers / powers.sum())


def softmax_overflow(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Softmax in float32 by its definition, and with the largest logit subtracted first."""
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(scores.astype(np.float32))
        naive = powers / powers.sum()
    return naive, softmax(scores.astype(np.float32))


def cross_entropy_of_share(share: float) -> float:
    """Cross-entropy for the probability `share` of the true digit, as Keras computes it from probabilities alone.

    Keras raises smaller probabilities to its epsilon, so the loss is never infinite. With TensorFlow, `fit` and
    `evaluate` compute it from the logits without this limit.
    """
    return -float(np.log(np.clip(share, KERAS_EPSILON, 1)))


def one_hot_distances(labels: np.ndarray, label: int) -> np.ndarray:
    """Distance of each one-hot label from that of `label`: 0 for itself, √2 for every other. float64 (n,)."""
    rows = np.eye(NUM_CLASSES)
    return np.linalg.norm(rows[labels] - rows[label], axis=1)
