"""What no pen wrote as a digit: rings, boxes, combs, underlines, objects, edges of the table."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core.drawing.pieces import find_pieces
from core.drawing.stray_ink import remove_stray_ink

HEIGHT, WIDTH = 300, 600
Drawing = Callable[[ImageDraw.ImageDraw], None]


def drawn(*drawings: Drawing) -> np.ndarray:
    picture = Image.new("L", (WIDTH, HEIGHT))
    for drawing in drawings:
        drawing(ImageDraw.Draw(picture))
    return np.asarray(picture) > 0


def digits(draw: ImageDraw.ImageDraw) -> None:
    """A 7, a 0 and a 1, 90 pixels high."""
    draw.line([(150, 100), (200, 100), (170, 190)], fill=255, width=6)
    draw.ellipse((260, 100, 310, 190), outline=255, width=6)
    draw.line([(385, 100), (380, 190)], fill=255, width=6)


def boxes(draw: ImageDraw.ImageDraw) -> None:
    for left in (125, 235, 345):
        draw.rectangle((left, 80, left + 95, 210), outline=255, width=3)


def comb(draw: ImageDraw.ImageDraw) -> None:
    draw.line([(120, 205), (450, 205)], fill=255, width=3)
    for x in (120, 230, 340, 450):
        draw.line([(x, 205), (x, 165)], fill=255, width=3)


def comb_without_line(draw: ImageDraw.ImageDraw) -> None:
    for x in (120, 230, 340, 450):
        draw.line([(x, 205), (x, 120)], fill=255, width=3)


def comb_at_digits(draw: ImageDraw.ImageDraw) -> None:
    """Its second upright line goes into the 7 and the third into the 0."""
    draw.line([(60, 205), (500, 205)], fill=255, width=3)
    for x in (60, 170, 280, 390, 500):
        draw.line([(x, 205), (x, 188)], fill=255, width=3)


STRAY: dict[str, Drawing] = {
    "a ring": lambda draw: draw.ellipse((90, 50, 450, 240), outline=255, width=4),
    "an open ring": lambda draw: draw.arc((90, 50, 450, 240), 15, 345, fill=255, width=4),
    "boxes": boxes,
    "a comb": comb,
    "a comb without its line": comb_without_line,
    "a comb that touches digits": comb_at_digits,
    "an underline": lambda draw: draw.line([(130, 215), (260, 219), (400, 214)], fill=255, width=5),
    "an object": lambda draw: draw.rectangle((480, 200, 560, 270), fill=255),
    "a table": lambda draw: draw.rectangle((0, 280, WIDTH, HEIGHT), fill=255),
    "a thumb": lambda draw: draw.ellipse((450, 240, 560, 400), fill=255),
}


@pytest.mark.parametrize("name", STRAY)
def test_what_is_no_stroke_of_a_digit_is_removed_and_the_digits_stay(name):
    written, stray = drawn(digits), drawn(STRAY[name])
    left = remove_stray_ink(written | stray)
    assert left[written].mean() > 0.97
    assert (left & ~written).sum() < 0.03 * written.sum()


def test_digits_alone_lose_nothing():
    written = drawn(digits)
    assert np.array_equal(remove_stray_ink(written), written)


def test_a_digit_that_touches_the_edge_of_the_picture_stays():
    cropped = drawn(digits)[98:, 150:400]
    assert np.array_equal(remove_stray_ink(cropped), cropped)


def test_the_bar_of_a_5_and_the_foot_of_a_1_are_no_underlines():
    def five_and_one(draw: ImageDraw.ImageDraw) -> None:
        draw.line([(150, 88), (205, 86)], fill=255, width=6)
        draw.line([(150, 105), (150, 145), (195, 150), (190, 190), (150, 188)], fill=255, width=6)
        draw.line([(385, 100), (380, 180)], fill=255, width=6)
        draw.line([(350, 195), (415, 195)], fill=255, width=6)

    written = drawn(five_and_one)
    assert np.array_equal(remove_stray_ink(written), written)


def test_ones_that_stand_side_by_side_are_no_ticks_of_a_form():
    ones = drawn(*(lambda draw, x=x: draw.line([(x, 100), (x, 190)], fill=255, width=6) for x in range(100, 500, 70)))
    assert len(find_pieces(remove_stray_ink(ones)).areas) == 6


def test_two_lines_below_two_digits_are_no_ink_of_theirs():
    """They were as long as the digits are high, so they counted as 1s on their side."""
    lines = drawn(
        lambda draw: draw.line([(255, 212), (390, 216)], fill=255, width=5),
        lambda draw: draw.line([(255, 232), (390, 236)], fill=255, width=5),
    )
    written = drawn(digits)
    written[:, :240] = False
    assert np.array_equal(remove_stray_ink(written | lines), written)


def test_a_1_on_its_side_below_a_digit_stays():
    on_its_side = np.ascontiguousarray(np.rot90(drawn(digits)))
    assert len(find_pieces(remove_stray_ink(on_its_side)).areas) == 3


def test_what_is_left_of_a_ruled_line_at_the_edge_is_no_1():
    written = drawn(digits)
    left = drawn(lambda draw: draw.line([(596, 100), (596, 160)], fill=255, width=2))
    assert np.array_equal(remove_stray_ink(written | left), written)


def test_a_digit_that_touches_the_boxes_around_others_stays():
    """Each of these boxes has a digit inside, and the 7 goes over the side of its box. It was lost with the boxes."""

    def crossing(draw: ImageDraw.ImageDraw) -> None:
        draw.rectangle((120, 85, 440, 205), outline=255, width=3)
        draw.line([(230, 85), (230, 205)], fill=255, width=3)
        draw.line([(340, 85), (340, 205)], fill=255, width=3)
        draw.line([(117, 102), (150, 100)], fill=255, width=6)

    written = drawn(digits)
    left = remove_stray_ink(written | drawn(crossing))
    assert left[written].mean() > 0.95
    assert len(find_pieces(left).areas) == 3
