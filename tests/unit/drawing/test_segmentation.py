"""Several digits in one picture: apart, touching, in lines, of several strokes."""

import numpy as np
import pytest

from core.drawing.digit_region import connected_components
from core.drawing.normalise import extract_ink, normalise_ink
from core.drawing.segmentation import MAX_DIGITS, find_digits, find_digits_in_strokes, probability_all_correct
from core.drawing.strokes import Stroke, render
from core.drawing.text_lines import group_lines
from core.errors import DrawingError, TooManyMarksError


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
    linked = [stroke((40, 50), (40, 200)), stroke((40, 200), (320, 200), width=6), stroke((320, 50), (320, 200))]

    found = find_digits(ink_of(linked), Upright())
    assert len(found) >= 2
    assert len(find_digits(ink_of(linked))) == 1


def test_each_image_is_read_once_and_its_probabilities_come_with_the_digit():
    linked = [stroke((40, 50), (40, 200)), stroke((40, 200), (320, 200), width=6), stroke((320, 50), (320, 200))]
    apart = [Stroke(np.add(s.points, [400, 0]), s.width) for s in SEVEN]
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


def test_dust_far_from_the_digits_is_no_line_of_its_own_in_a_picture():
    dust = [stroke((300 + 9 * i, 240), (300 + 9 * i, 254), width=5) for i in range(3)]
    assert len(find_digits(ink_of([*ONE, *SEVEN, *dust], height=300))) == 2
    assert len(find_digits_in_strokes([*ONE, *SEVEN, *dust])) == 5  # on the canvas a visitor sees what was read


@pytest.mark.parametrize(
    ("bar", "rest"),
    [
        ([(150, 60), (230, 45)], [(70, 80), (75, 120), (130, 125), (125, 195), (60, 190)]),  # beside and above the rest
        ([(75, 215), (135, 212)], [(130, 80), (70, 85), (75, 120), (120, 125), (125, 178)]),
    ],
    ids=["a bar that rises", "a foot"],
)
def test_a_piece_near_its_digit_is_in_its_line(bar, rest):
    """It was a line of its own, which was read as digits."""
    pieces = connected_components(ink_of([stroke(*bar, width=9), stroke(*rest, width=9), *FIVE]))
    assert len(group_lines(pieces)) == 1


class Whole(Upright):
    """Knows 0s that are wider than high. Their parts look less like digits, as 1s."""

    def probabilities(self, images):
        return np.where(self.wide(images)[:, None], np.eye(10)[0], np.eye(10)[1]).astype(np.float32)

    def novelty_score(self, images):
        return np.where(self.wide(images), 0.2, 0.5)

    @staticmethod
    def wide(images):
        return np.array([np.ptp(np.nonzero((image > 100).any(0))) > 16 for image in images])


def test_a_0_half_as_wide_again_as_high_stays_whole():
    angles = np.linspace(0, 2 * np.pi, 40)
    zero = stroke(*zip(200 + 100 * np.cos(angles), 130 + 65 * np.sin(angles), strict=True))
    assert [digit.read_as for digit in find_digits(ink_of([zero]), Whole())] == [0]


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
    with pytest.raises(TooManyMarksError, match=str(MAX_DIGITS)):
        find_digits(ink_of(bars, 80, 12 * MAX_DIGITS + 100))


def test_too_many_marks_are_refused_before_each_is_searched_for_touching_digits(monkeypatch):
    """That takes a tenth of a second for each mark, and all four ways of a picture are tried."""
    monkeypatch.setattr("core.drawing.segmentation.split_touching", lambda *_: pytest.fail("searched"))
    bars = [stroke((12 * i + 8, 20), (12 * i + 8, 60), width=4.0) for i in range(MAX_DIGITS + 1)]
    with pytest.raises(TooManyMarksError):
        find_digits(ink_of(bars, 80, 12 * MAX_DIGITS + 100))


def test_hundreds_of_specks_hide_no_digit():
    ink = ink_of(ALL)
    ink[4:40:6, 4::6] = 1  # 504 pixels above the digits
    assert len(find_digits(ink)) == 4


def test_a_stroke_far_beyond_the_canvas_costs_no_more_than_the_canvas():
    far = Stroke(np.array([[10.0, 10.0], [9000.0, 9000.0]]), 20)  # such a message once took 54 s and 2.5 GB
    (found,) = find_digits_in_strokes([far], size=(260, 840))
    assert (found.bottom, found.right) == (260, 840)


def test_strokes_that_are_too_large_together_are_a_sentence():
    whole = Stroke(np.array([[0.0, 0.0], [840.0, 260.0]]), 20)
    with pytest.raises(DrawingError, match="write smaller"):
        find_digits_in_strokes([whole] * 30, size=(260, 840))
