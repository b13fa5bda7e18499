"""Several digits in one picture: apart, touching, in lines, of several strokes."""

import numpy as np
import pytest

from core.drawing.normalise import extract_ink, normalise_ink
from core.drawing.segmentation import MAX_DIGITS, find_digits, find_digits_in_strokes, probability_all_correct
from core.drawing.strokes import Stroke, render
from core.errors import DrawingError


def stroke(*points, width=12.0) -> Stroke:
    return Stroke(np.array(points, float), width)


ONE = [stroke((40, 50), (40, 200))]
FOUR = [stroke((100, 50), (90, 130), (160, 130)), stroke((145, 90), (140, 200))]
SEVEN = [stroke((200, 50), (280, 50), (230, 200)), stroke((215, 125), (265, 125))]
FIVE = [stroke((330, 50), (325, 110), (390, 120), (390, 190), (320, 195)), stroke((345, 45), (400, 45))]
ALL = [*ONE, *FOUR, *SEVEN, *FIVE]


class Upright:
    """A stand-in for a network that knows nothing but 1s, and likes narrow ones."""

    def __init__(self):
        self.images = []

    def probabilities(self, images):
        self.images.extend(images)
        return np.tile(np.eye(10, dtype=np.float32)[1], (len(images), 1))

    def novelty_score(self, images):
        return np.array([float((image > 100).any(0).sum()) for image in images])


def ink_of(strokes, height=260, width=440):
    return extract_ink(render(strokes, height, width))


def test_digits_side_by_side_are_found_from_left_to_right():
    found = find_digits(ink_of(ALL))
    assert len(found) == 4
    assert [one.left for one in found] == sorted(one.left for one in found)


@pytest.mark.parametrize("slope", [-0.17, 0.17], ids=["rising", "falling"])
def test_a_line_that_rises_or_falls_by_10_degrees_is_one_line(slope):
    ones = [stroke((x, 300 + slope * (x - 500)), (x, 360 + slope * (x - 500))) for x in range(60, 960, 80)]
    below = [Stroke(one.points + np.array([10, 130]), one.width) for one in ones]
    lefts = [found.left for found in find_digits(ink_of([*ones, *below], 700, 1000))]
    assert lefts == sorted(lefts[:12]) + sorted(lefts[12:])
    assert len(lefts) == 24


@pytest.mark.parametrize("digit", [FOUR, SEVEN, FIVE])
def test_a_digit_of_two_strokes_stays_whole(digit):
    assert len(find_digits(ink_of(digit))) == 1
    assert len(find_digits_in_strokes(digit)) == 1


@pytest.mark.parametrize(
    "digit",
    [
        [stroke((40, 60), (40, 180), (100, 190)), stroke((30, 45), (60, 45), (130, 45), (130, 75))],  # the bar of a 5
        [
            stroke((40, 110), (90, 110), (90, 185), (40, 185), (40, 110)),
            stroke((45, 50), (95, 50), (95, 118), (45, 118)),
        ],
    ],
    ids=["a high bar", "two loops"],
)
def test_a_stroke_above_the_rest_of_its_digit_is_no_line_of_its_own(digit):
    """A 5 with a high bar and an 8 of two loops were read as two lines, beside other digits."""
    beside = [Stroke(one.points + np.array([150, 0]), one.width) for one in ONE]
    assert len(find_digits_in_strokes([*digit, *beside])) == 2


def test_strokes_part_digits_that_touch():
    moved = [Stroke(s.points - [[38, 0]], s.width) for s in FOUR]
    touching = [*ONE, *moved]
    assert len(find_digits(ink_of(touching))) == 1  # by their ink alone they hang together
    assert len(find_digits_in_strokes(touching)) == 2


def test_a_wide_piece_is_cut_where_its_halves_look_most_like_digits():
    linked = [stroke((40, 50), (40, 200)), stroke((40, 200), (240, 200), width=6), stroke((240, 50), (240, 200))]

    found = find_digits(ink_of(linked), Upright())
    assert len(found) >= 2
    assert len(find_digits(ink_of(linked))) == 1


def test_each_image_is_read_once_and_its_probabilities_come_with_the_digit():
    linked = [stroke((40, 50), (40, 200)), stroke((40, 200), (240, 200), width=6), stroke((240, 50), (240, 200))]
    apart = [Stroke(np.add(s.points, [320, 0]), s.width) for s in SEVEN]
    reader = Upright()
    found = find_digits(ink_of([*linked, *apart], width=700), reader)
    assert len(found) >= 3
    for digit in found:
        np.testing.assert_array_equal(digit.image, normalise_ink(digit.ink).digit)
        assert digit.probabilities.argmax() == 1
        assert sum(np.array_equal(image, digit.image) for image in reader.images) == 1
    assert probability_all_correct(found) == 1


def test_lines_are_read_from_top_to_bottom():
    below = [Stroke(np.add(s.points, [0, 260]), s.width) for s in ONE]
    found = find_digits(ink_of([*FIVE, *below], height=520))
    assert [one.top > 250 for one in found] == [False, True]


def test_dust_is_no_digit():
    assert len(find_digits(ink_of([*ONE, stroke((300, 100), (301, 100), width=3)]))) == 1


def test_each_digit_keeps_its_own_ink_only():
    found = find_digits(ink_of(ALL))
    total = sum(one.ink.sum() for one in found)
    assert total == pytest.approx(ink_of(ALL).sum(), rel=0.02)


def test_a_blank_picture_gets_a_sentence():
    with pytest.raises(DrawingError, match="blank"):
        find_digits(np.zeros((100, 100), np.float32))
    with pytest.raises(DrawingError, match="blank"):
        find_digits_in_strokes([])


def test_more_digits_than_anybody_writes_are_refused():
    bars = [stroke((12 * i + 8, 20), (12 * i + 8, 60), width=4.0) for i in range(MAX_DIGITS + 5)]
    with pytest.raises(DrawingError, match=str(MAX_DIGITS)):
        find_digits(ink_of(bars, 80, 12 * MAX_DIGITS + 100))


def test_a_stroke_far_beyond_the_canvas_costs_no_more_than_the_canvas():
    far = Stroke(np.array([[10.0, 10.0], [9000.0, 9000.0]]), 20)  # such a message once took 54 s and 2.5 GB
    (found,) = find_digits_in_strokes([far], size=(260, 840))
    assert (found.bottom, found.right) == (260, 840)


def test_strokes_that_are_too_large_together_are_a_sentence():
    whole = Stroke(np.array([[0.0, 0.0], [840.0, 260.0]]), 20)
    with pytest.raises(DrawingError, match="write smaller"):
        find_digits_in_strokes([whole] * 30, size=(260, 840))
