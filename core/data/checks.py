"""Looks for what makes a data set useless although its files are sound: inverted, empty, transposed or mislabelled.

It compares the share of ink, and the nearest class means: the mean image of each class is the simplest classifier.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from core.data.fixes import INVERT, RELABEL, TRANSPOSE
from core.digits import NUM_CLASSES, SIDE, Digits

SAMPLE = 4000  # images that are looked at
_SEED = 1
_EMPTY_SHARE = 0.2  # of images without any ink, from which on the set is named
_PAPER = 127  # the border of MNIST's images is black: on average 0 of 255
_UNRELATED = 0.25  # accuracy of the own class means; 0.1 is chance, MNIST has 0.81, Fashion-MNIST 0.68
_RECOGNISED = 0.5  # accuracy of MNIST's class means; MNIST has 0.81, other handwriting more than 0.5
_BETTER = 0.2  # by which another orientation or numbering must be better


@dataclass(frozen=True)
class Finding:
    """One remarkable thing. fix: what `fixes` can do about it; empty if nothing. action: the words of its button.

    serious: a network that is trained on such images is of no use.
    """

    kind: str
    sentence: str
    fix: str = ""
    action: str = ""
    serious: bool = True


def inspect(training: Digits, digit_means: np.ndarray) -> list[Finding]:
    """What is remarkable in the training images. digit_means: float32 (10, 28, 28), of MNIST's digits, 0 to 255."""
    chosen = np.random.default_rng(_SEED).permutation(len(training))[:SAMPLE]  # sets are sorted, or in turns
    sample = training[chosen]
    if not sample.images.any():
        return [Finding("empty", "All images are black. Check the program that made the files, and replace them.")]
    found = [*_empty(sample)]
    if _border(sample.images) > _PAPER:
        found.append(
            Finding(
                "inverted",
                "The images are inverted: black ink on white paper. MNIST has white ink on black paper, and Draw sends "
                "such images. A network that learns from inverted images reads no drawing.",
                INVERT,
                "Invert the images",
            )
        )
        sample = Digits(255 - sample.images, sample.labels)
    return found + _two_valued(sample) + _labels(sample, digit_means)


def class_means(digits: Digits) -> np.ndarray:
    """The mean image of each class: float32 (10, 28, 28), 0 to 255; black for a class without images."""
    sums = np.zeros((NUM_CLASSES, SIDE * SIDE), np.float32)
    flat = digits.images.reshape(len(digits), -1)
    for label in range(NUM_CLASSES):
        if (of_class := digits.labels == label).any():
            sums[label] = flat[of_class].mean(axis=0)
    return sums.reshape(NUM_CLASSES, SIDE, SIDE)


def nearest(images: np.ndarray, means: np.ndarray) -> np.ndarray:
    """The class whose mean is nearest to each image: int64 (n,)."""
    flat, centres = (array.reshape(len(array), -1).astype(np.float32) for array in (images, means))
    return np.asarray(((centres**2).sum(axis=1) - 2 * flat @ centres.T).argmin(axis=1))


def _empty(sample: Digits) -> list[Finding]:
    blank = float((sample.images.reshape(len(sample), -1).max(axis=1) == 0).mean())
    if blank < _EMPTY_SHARE:
        return []
    return [Finding("blank", f"{blank:.0%} of the images are black. Check the program that made the files.")]


def _border(images: np.ndarray) -> float:
    """The mean of the pixels at the border, 0 to 255."""
    inside = np.zeros((SIDE, SIDE), bool)
    inside[1:-1, 1:-1] = True
    return float(images[:, ~inside].mean())


def _two_valued(sample: Digits) -> list[Finding]:
    values = np.unique(sample.images)
    if len(values) > 2:
        return []
    return [
        Finding(
            "two-valued",
            f"The pixels have only two values, {values[0]} and {values[-1]}. The images of MNIST and of Draw have grey "
            "edges, so a network that learns from these may read drawings worse.",
            serious=False,
        )
    ]


def _labels(sample: Digits, digit_means: np.ndarray) -> list[Finding]:
    """Whether labels fit images, and whether they are digits as MNIST has them."""
    own = _own_accuracy(sample)
    upright, turned = (nearest(images, digit_means) for images in (sample.images, sample.images.transpose(0, 2, 1)))
    as_is, swapped = ((predicted == sample.labels).mean() for predicted in (upright, turned))
    if swapped > max(as_is + _BETTER, _RECOGNISED):
        return [
            Finding(
                "transposed",
                f"Rows and columns seem to be swapped, as in EMNIST: MNIST's mean images recognise {swapped:.0%} of "
                f"the digits after a swap, and {as_is:.0%} as they are.",
                TRANSPOSE,
                "Swap rows and columns",
            )
        ]
    if own < _UNRELATED:
        return [
            Finding(
                "labels",
                f"The labels do not fit the images: the mean images of the classes recognise only {own:.0%}, and "
                "chance is 10%. Perhaps they belong to other images. Check the files.",
            )
        ]
    return _renumbered(sample.labels, upright, float(as_is))


def _own_accuracy(sample: Digits) -> float:
    """Accuracy of the class means of one half on the other half."""
    half = np.arange(len(sample)) % 2 == 0
    if len(sample) < 10 * NUM_CLASSES:
        return 1.0  # too few to judge
    return float((nearest(sample[~half].images, class_means(sample[half])) == sample[~half].labels).mean())


def _renumbered(labels: np.ndarray, predicted: np.ndarray, as_is: float) -> list[Finding]:
    """Whether other numbers fit much better, for example where 0 stands for the digit 1."""
    counts = np.zeros((NUM_CLASSES, NUM_CLASSES), np.int64)
    np.add.at(counts, (labels, predicted), 1)
    given, digit = linear_sum_assignment(-counts)
    best = counts[given, digit].sum() / len(labels)
    if best < max(as_is + _BETTER, _RECOGNISED):
        return []
    wrong = next(int(label) for label in given if digit[label] != label)
    return [
        Finding(
            "renumbered",
            f"The labels have other numbers than the digits: images of a {digit[wrong]} have the label {wrong}, and "
            f"so on. MNIST's mean images recognise {best:.0%} with other numbers, and {as_is:.0%} with these.",
            f"{RELABEL}:{''.join(map(str, digit))}",
            "Renumber the labels",
        )
    ]
