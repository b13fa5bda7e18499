"""Pen digits as images: like the canvas draws them, always the same, and drawn once."""

import numpy as np
import pytest

from core.data import pen_digits
from core.data.pen_digits import PEN_WIDTHS, PenDigits
from core.drawing import pen_images


@pytest.fixture
def two(tmp_path, monkeypatch) -> PenDigits:
    """A 1 and an L-shaped 7 in a home of its own."""
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path))
    one, seven = np.array([[10.0, 0], [10, 50], [10, 100]]), np.array([[0.0, 0], [60, 0], [20, 100]])
    return PenDigits(((one,), (seven,)), np.array([1, 7], np.uint8), np.array([1, 2], np.uint8))


def test_a_digit_stays_on_the_canvas_in_the_size_that_was_asked_for(two: PenDigits, rng):
    for width in PEN_WIDTHS:
        ink = pen_images.draw(two.strokes[1], width, rng, sizes=(0.5, 0.5))[..., 0] > 127
        rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
        assert np.ptp(rows) + 1 == pytest.approx(0.5 * pen_images.CANVAS, abs=2)
        assert np.ptp(columns) < np.ptp(rows)


def test_every_digit_is_drawn_with_every_pen_and_only_once(two: PenDigits, monkeypatch):
    digits = pen_images.training_digits(two)
    assert digits.images.shape == (2 * len(PEN_WIDTHS), 28, 28)
    assert digits.labels.tolist() == [1, 7] * len(PEN_WIDTHS)
    assert digits.images.max((1, 2)).min() > 200
    monkeypatch.setattr(pen_images, "draw", None)  # the second time they come from the home
    assert np.array_equal(pen_images.training_digits(two).images, digits.images)


def test_other_digits_are_drawn_again(two: PenDigits):
    first = pen_images.training_digits(two)
    assert len(pen_images.training_digits(two.by([2]))) == len(first) // 2
    assert 250 * len(PEN_WIDTHS) == pen_digits.IMAGES_PER_WRITER
