"""Straight lines: ruled or squared paper goes, strokes of digits stay."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core.drawing.ruling import find_lines, remove_lines, remove_ruling

HEIGHT, WIDTH = 300, 500


def drawn(*lines: tuple[float, float, float, float], width: int = 3) -> np.ndarray:
    picture = Image.new("L", (WIDTH, HEIGHT))
    for line in lines:
        ImageDraw.Draw(picture).line(line, fill=255, width=width)
    return np.asarray(picture) > 0


def fan(spread: float) -> list[tuple[float, float, float, float]]:
    """Lines from edge to edge that come closer to one another."""
    return [(0, y, WIDTH, 150 + (y - 150) * (1 - spread)) for y in range(30, 300, 40)]


@pytest.mark.parametrize("spread", [0.0, 0.1, 0.3])
def test_lines_that_converge_are_found_one_by_one(spread):
    lines = find_lines(drawn(*fan(spread)), 200, 8)
    assert len(lines) == 7
    assert all(line.stop - line.start > 0.9 * WIDTH for line in lines)


def test_a_stroke_that_crosses_a_line_stays_whole():
    stroke = drawn((200, 100, 220, 220), width=7)
    left = remove_lines(stroke | drawn(*fan(0.1)), 200, 8)
    assert (left & stroke).sum() > 0.95 * stroke.sum()
    assert (left & ~stroke).sum() < 0.1 * stroke.sum()


def test_squared_paper_is_removed_in_both_directions():
    down = [(x, 0, x + 10, HEIGHT) for x in range(20, WIDTH, 40)]
    assert not remove_lines(drawn(*fan(0), *down, width=2), 200, 8).any()


def test_a_short_stroke_is_no_ruled_line():
    bar = drawn((100, 100, 180, 102), width=4)
    assert np.array_equal(remove_lines(bar, 200, 8), bar)


def test_faint_lines_with_gaps_are_removed_and_a_pen_is_not():
    faint = drawn(*fan(0.1), width=2)
    faint[:, ::3] = False
    faint[:, 100:180] = False
    darkness = np.where(faint, 0.2, 0).astype(np.float32)
    pen = drawn((120, 100, 121, 200), (110, 200, 160, 200), width=6)
    darkness[pen] = 0.9
    left = remove_ruling(darkness) > 0
    assert left[pen].mean() > 0.98
    assert (left & ~pen).sum() < 0.02 * faint.sum()


def test_a_line_that_ends_on_the_page_may_belong_to_a_form_and_stays_here():
    inside = np.where(drawn((60, 100, 440, 100)), 0.9, 0).astype(np.float32)
    assert np.array_equal(remove_ruling(inside), inside)
