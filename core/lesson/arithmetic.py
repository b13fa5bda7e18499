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
    """Row after row on one line: (n, 28, 28) → (n, 784)."""
    return images.reshape(len(images), -1)


def normalise(images: np.ndarray, dtype: type = np.float32) -> np.ndarray:
    """uint8 0 to 255 → floating point 0 to 1, same shape."""
    return images.astype(dtype) / dtype(255)


def one_hot(labels: np.ndarray) -> np.ndarray:
    """A row of ten for each label, 1 where the digit is and 0 elsewhere: float32 (n, 10)."""
    return np.eye(NUM_CLASSES, dtype=np.float32)[labels]


def batches(n: int, size: int) -> Iterator[slice]:
    """The batches `n` images fall into, `size` at a time; the last holds what is left."""
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def steps_per_epoch(n: int, size: int) -> int:
    """How many batches that makes: n / size, rounded up."""
    return -(-n // size)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Scores → probabilities along the last axis, each row summing to 1."""
    # The largest score is taken off first: the result is the same, and no power overflows.
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def sparse_cross_entropy(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """−ln of the probability given to the right digit: float (n,). Labels are numbers, (n,)."""
    return -np.log(probabilities[np.arange(len(labels)), labels])


def cross_entropy(one_hot_labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """−Σ target · ln probability: float (n,). Labels are one-hot rows, (n, 10)."""
    return -(one_hot_labels * np.log(probabilities)).sum(axis=-1)


class TemplateLayer(NamedTuple):
    """A network of one layer made without training: each digit's weights are its mean image."""

    weights: np.ndarray  # float32 (784, 10)
    biases: np.ndarray  # float32 (10,)

    def scores(self, images: np.ndarray) -> np.ndarray:
        """uint8 (n, 28, 28) → float32 (n, 10), of mean 0: the nearer to a mean image, the higher."""
        return flatten(normalise(images)) @ self.weights + self.biases


def make_template_layer(means: np.ndarray) -> TemplateLayer:
    """The layer whose scores order the digits by their distance to `means`, float32 (10, 28, 28), 0 to 255.

    |x − m|² = |x|² − 2 x·m + |m|², and |x|² is the same for all ten: so x·m − |m|² / 2 says which mean is nearest.
    """
    rows = flatten(means).astype(np.float32) / 255
    weights, biases = rows.T * (2 / TEMPERATURE), -np.square(rows).sum(axis=1) / TEMPERATURE
    # Centred, so that each picture's ten scores have a mean of 0: easier to read, and softmax is the same.
    return TemplateLayer(weights - weights.mean(axis=1, keepdims=True), biases - biases.mean())


class SoftmaxSteps(NamedTuple):
    """Softmax with every number on the way: float64 (10,) each."""

    scores: np.ndarray
    powers: np.ndarray
    total: float
    shares: np.ndarray


def softmax_steps(scores: np.ndarray) -> SoftmaxSteps:
    """e to the power of each score, their sum, and each one's share of it. Scores: float (10,), below 700."""
    scores = scores.astype(np.float64)
    powers = np.exp(scores)
    return SoftmaxSteps(scores, powers, float(powers.sum()), powers / powers.sum())


def softmax_overflow(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Softmax in float32 as it is written down, and with the largest score taken off first."""
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(scores.astype(np.float32))
        naive = powers / powers.sum()
    return naive, softmax(scores.astype(np.float32))


def cross_entropy_of_share(share: float) -> float:
    """Cross-entropy when the right digit was given `share`, as Keras has it where the share is all it is handed: cut
    off at its epsilon, so never infinite. On TensorFlow, `fit` and `evaluate` look behind the softmax and cut nothing.
    """
    return -float(np.log(np.clip(share, KERAS_EPSILON, 1)))


def one_hot_distances(labels: np.ndarray, label: int) -> np.ndarray:
    """How far each label is from the label `to` as one-hot rows: 0 for itself, √2 for every other. float64 (n,)."""
    rows = np.eye(NUM_CLASSES)
    return np.linalg.norm(rows[labels] - rows[label], axis=1)
