"""Each measure, checked with a digit whose value is known, and each sum against NumPy's own."""

import math

import numpy as np
import pytest

from core.data import morphology
from core.digits import Digits


def bar(width: int, lean: float = 0.0) -> np.ndarray:
    """An upright bar, 18 pixels high, whose head stands `lean` degrees to the right of its foot: uint8 (1, 28, 28)."""
    image = np.zeros((1, 28, 28), np.uint8)
    for row in range(5, 23):
        middle = 14 + math.tan(math.radians(lean)) * (13.5 - row)
        image[0, row, round(middle) - width // 2 : round(middle) - width // 2 + width] = 255
    return image


@pytest.mark.parametrize("width", [1, 2, 4, 6])
def test_a_bar_is_as_thick_as_it_was_drawn(width):
    # The outline of a bar has two ends besides its sides: 2·18·w / (2·18 + 2·w).
    assert morphology.thickness(bar(width))[0] == pytest.approx(18 * width / (18 + width), rel=0.05)


@pytest.mark.parametrize("lean", [-30, -10, 0, 15, 30])
def test_a_bar_leans_as_it_was_drawn(lean):
    assert morphology.slant(bar(3, lean))[0] == pytest.approx(lean, abs=2)


def test_an_empty_image_has_no_thickness_and_no_slant():
    empty = np.zeros((1, 28, 28), np.uint8)
    assert morphology.thickness(empty)[0] == 0
    assert morphology.slant(empty)[0] == 0


def test_means_and_spreads_are_numpys(tiny_mnist):
    digits = tiny_mnist.train
    means, spreads = morphology.mean_images(digits), morphology.std_images(digits)
    for digit in range(10):
        images = digits.images[digits.labels == digit].astype(float)
        assert means[digit] == pytest.approx(images.mean(axis=0), abs=1e-3)
        assert spreads[digit] == pytest.approx(images.std(axis=0), abs=0.1)


def test_a_missing_digit_has_an_empty_mean(tiny_mnist):
    digits = tiny_mnist.train[tiny_mnist.train.labels != 4]
    assert not morphology.mean_images(digits)[4].any()
    assert not morphology.std_images(digits)[4].any()


def test_each_trait_of_each_digit(tiny_mnist):
    digits = tiny_mnist.train[:7]
    measured = morphology.measure(digits)
    assert set(measured) == set(morphology.MEASURES)
    means = morphology.mean_images(digits)
    for i, (image, label) in enumerate(digits):
        assert measured["ink"][i] == pytest.approx(image.mean(), rel=1e-4)
        gap = image.astype(float) - means[label]
        assert measured["distance"][i] == pytest.approx(math.sqrt((gap**2).mean()), rel=1e-4)


def test_nothing_to_measure_is_no_error():
    nothing = Digits(np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8))
    assert {len(values) for values in morphology.measure(nothing).values()} == {0}
    assert morphology.value_counts(nothing).sum() == 0


def test_pixel_values_are_counted_once_each(tiny_mnist):
    values, counts = np.unique(tiny_mnist.train.images, return_counts=True)
    ours = morphology.value_counts(tiny_mnist.train)
    assert ours[values].tolist() == counts.tolist()
    assert ours.sum() == tiny_mnist.train.images.size
