"""From anyone's pixels to a digit: the same digit however it was drawn, and a sentence where there is none."""

import time

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from core.drawing.normalise import (
    FIT_SIZE,
    MASS_CENTRE,
    STROKE_WIDTH,
    NormaliseOptions,
    extract_ink,
    stroke_width,
    to_digit,
)
from core.drawing.strokes import Stroke, render, smooth_curve
from core.errors import DrawingError

SEVEN = [(60.0, 60.0), (210.0, 60.0), (130.0, 230.0)]


def drawn(points=SEVEN, width=20.0, side=280) -> np.ndarray:
    return render([Stroke(np.array(points), width)], side, side)


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two digits, 1 if they are the same but for a factor."""
    return float(np.corrcoef(one.ravel().astype(float), other.ravel().astype(float))[0, 1])


def to_the_middle(digit: np.ndarray) -> np.ndarray:
    """Shifted by the fraction of a pixel that MNIST's rounding has left."""
    return ndimage.shift(digit.astype(float), 13.75 - np.array(ndimage.center_of_mass(digit.astype(float))), order=1)


def pasted(image: np.ndarray, side: int, left: int, top: int) -> np.ndarray:
    """A digit of MNIST, enlarged, somewhere on a black canvas."""
    canvas = Image.new("L", (280, 280))
    canvas.paste(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC), (left, top))
    grey = np.asarray(canvas)
    return np.dstack([grey, grey, grey, np.full_like(grey, 255)])


@pytest.mark.parametrize(("side", "left", "top"), [(140, 0, 0), (140, 130, 120), (250, 10, 20), (90, 180, 5)])
def test_a_digit_of_mnist_comes_back_from_the_canvas_enlarged_and_moved(embedded, side, left, top):
    options = NormaliseOptions(even_stroke=False)
    images = embedded.test.images[:40]
    back = [
        correlation(to_the_middle(to_digit(pasted(image, side, left, top), options).digit), to_the_middle(image))
        for image in images
    ]
    assert np.median(back) > 0.93
    assert min(back) > 0.8


def test_ink_and_paper_may_have_any_colours():
    white_on_black = drawn()
    black_on_white = white_on_black.copy()
    black_on_white[..., :3] = 255 - black_on_white[..., :3]
    see_through = np.zeros_like(white_on_black)
    see_through[..., 3] = white_on_black[..., 0]  # black ink on nothing
    blue_on_yellow = white_on_black.copy()
    share = white_on_black[..., :1] / 255
    blue_on_yellow[..., :3] = (np.array([250, 240, 150]) * (1 - share) + np.array([20, 30, 120]) * share).astype(
        np.uint8
    )
    digit = to_digit(white_on_black).digit
    for other in (black_on_white, see_through, blue_on_yellow):
        assert np.abs(to_digit(other).digit.astype(int) - digit).max() <= 6


def test_place_size_and_pen_hardly_matter():
    digit = to_digit(drawn()).digit
    moved = [(x + 40, y + 20) for x, y in SEVEN]
    tiny = [(x / 5 + 10, y / 5 + 200) for x, y in SEVEN]
    assert correlation(to_digit(drawn(moved)).digit, digit) > 0.99
    assert correlation(to_digit(drawn(tiny, 4)).digit, digit) > 0.95
    for pen in (8.0, 12.0, 28.0, 34.0):
        assert correlation(to_digit(drawn(width=pen)).digit, digit) > 0.85


def test_the_centre_of_mass_comes_to_the_middle_and_the_ink_fits_into_twenty():
    digit = to_digit(drawn()).digit.astype(float)
    rows, columns = ndimage.center_of_mass(digit)
    assert abs(rows + 0.5 - MASS_CENTRE) < 0.3  # the first pixel's own middle lies half a pixel from the edge
    assert abs(columns + 0.5 - MASS_CENTRE) < 0.3
    written = np.flatnonzero((digit > 128).any(1))
    assert FIT_SIZE - 2 <= written[-1] - written[0] + 1 <= FIT_SIZE + 1


def test_the_width_of_a_bar_is_measured_as_it_was_drawn():
    for width in (4, 9, 16):
        bar = np.zeros((120, 120), np.float32)
        bar[10:110, 40 : 40 + width] = 1
        assert stroke_width(bar) == pytest.approx(width, rel=0.15)


def test_every_pen_comes_near_to_mnists_stroke():
    for pen in (8.0, 20.0, 34.0):
        width = stroke_width(np.kron(to_digit(drawn(width=pen)).digit / 255, np.ones((8, 8)))) / 8
        assert width == pytest.approx(STROKE_WIDTH, abs=0.7)


@pytest.mark.parametrize("step", ["keep_aspect", "centre_of_mass", "anti_alias", "even_stroke"])
def test_every_step_can_be_left_out_and_makes_a_difference(step):
    canvas = drawn(width=32.0)
    assert (to_digit(canvas, NormaliseOptions(**{step: False})).digit != to_digit(canvas).digit).any()


def test_without_anti_aliasing_a_pixel_is_ink_or_paper():
    assert set(np.unique(to_digit(drawn(), NormaliseOptions(anti_alias=False)).digit)) == {0, 255}


def test_the_last_picture_is_the_very_digit():
    for options in (NormaliseOptions(), NormaliseOptions(keep_aspect=False)):
        found = to_digit(drawn(), options)
        assert found.steps[-1][1] is found.digit
        assert found.digit.dtype == np.uint8
        assert found.digit.shape == (28, 28)
        assert all(picture.dtype == np.uint8 and picture.ndim == 2 for _, picture in found.steps)


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_blank_canvas_gets_a_sentence(grey):
    blank = np.full((280, 280, 4), 255, np.uint8)
    blank[..., :3] = grey
    with pytest.raises(DrawingError, match="blank"):
        to_digit(blank)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((280, 280, 3), np.uint8),
        np.zeros((280, 280), np.uint8),
        np.zeros((280, 280, 4), np.float32),
        np.zeros((2, 280, 4), np.uint8),
        np.zeros((10, 5000, 4), np.uint8),
        np.zeros((0, 0, 4), np.uint8),
        "no picture",
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(picture):
    with pytest.raises(DrawingError, match="Received"):
        to_digit(picture)


def test_a_dot_and_a_line_are_read_too():
    assert to_digit(drawn([(140, 140), (140.5, 140)])).digit.any()
    assert to_digit(drawn([(140, 10), (140, 270)], 8)).digit.any()
    assert to_digit(drawn([(0, 0), (280, 280)], 30)).digit.any()


def test_a_pixel_of_dust_beside_nothing_is_all_there_is():
    canvas = np.zeros((280, 280, 4), np.uint8)
    canvas[..., 3] = 255
    canvas[5, 5, :3] = 255
    assert to_digit(canvas).digit.shape == (28, 28)


def test_random_pictures_never_break_it(rng):
    for _ in range(30):
        height, width = rng.integers(8, 300, 2)
        noise = rng.integers(0, 256, (height, width, 4), dtype=np.uint8)
        assert to_digit(noise).digit.shape == (28, 28)


def test_it_takes_a_few_milliseconds():
    canvas = render([Stroke(smooth_curve(np.array(SEVEN * 3)), 20.0)], 280, 280)
    began = time.process_time()
    for _ in range(10):
        to_digit(canvas)
    assert (time.process_time() - began) / 10 < 0.02  # 2 ms measured; a machine under load may take more


def test_ink_is_between_nothing_and_full():
    ink = extract_ink(drawn())
    assert ink.min() == 0
    assert ink.max() == 1
