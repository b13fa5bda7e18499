"""The grid's picture, and which messages it accepts from a browser."""

import io

import numpy as np
import pytest
from PIL import Image

from pages.parts.explore.digit_map import _inside, _packed
from pages.shared.digit_grid import chosen_position, montage


def test_the_montage_holds_each_digit_pixel_for_pixel(tiny_mnist):
    images = tiny_mnist.train.images[:43]
    picture = np.array(Image.open(io.BytesIO(montage(images, 20))))
    assert picture.shape == (3 * 28, 20 * 28)
    assert np.array_equal(picture[28:56, 28:56], images[21])
    assert np.array_equal(picture[56:, 56:84], images[42])
    assert not picture[56:, 84:].any()


@pytest.mark.parametrize("n", [0, 1, 3])
def test_few_or_no_digits_make_a_picture_too(tiny_mnist, n):
    assert Image.open(io.BytesIO(montage(tiny_mnist.train.images[:n]))).size == (max(n, 1) * 28, 28)


@pytest.mark.parametrize(
    "answer",
    [None, 3, "3", {}, {"position": 3}, {"rev": "old", "position": 3}, {"rev": "now"}, {"rev": "now", "position": 7},
     {"rev": "now", "position": -1}, {"rev": "now", "position": "3"}, {"rev": "now", "position": 2.5}],
)  # fmt: skip
def test_what_a_browser_says_is_not_believed_blindly(answer):
    assert chosen_position(answer, "now", 7) is None


def test_a_choice_among_the_digits_shown_counts():
    assert chosen_position({"rev": "now", "position": 6}, "now", 7) == 6


def test_positions_around_which_a_line_was_drawn_are_checked():
    assert _inside([3, 1, 99, -1, "2", None, 3], 10).tolist() == [1, 3]
    assert _inside("all", 10).tolist() == []


def test_another_map_has_another_name(tiny_mnist):
    digits = tiny_mnist.train[:20]
    places = np.zeros((20, 2), np.float32)
    captions = [""] * 20
    one = _packed(places, digits.images, digits.labels, captions, "a map", "closer")
    other = _packed(places + 1, digits.images, digits.labels, captions, "a map", "closer")
    assert one["rev"] != other["rev"]
    assert one["rev"] == _packed(places.copy(), digits.images, digits.labels, captions, "a map", "closer")["rev"]
