"""Pen strokes and their pixels, and what a browser may send for them."""

import numpy as np
import pytest

from core.drawing.strokes import MAX_STROKES, Stroke, from_canvas, render, smooth_curve
from core.errors import DrawingError


def path(*commands, width=20):
    return {"objects": [{"type": "Path", "path": list(commands), "strokeWidth": width}]}


def test_a_line_covers_length_times_width_and_two_round_ends():
    ink = render([Stroke(np.array([[50.0, 100.0], [150.0, 100.0]]), 20.0)], 200, 200)[..., 0] / 255
    assert ink.sum() == pytest.approx(100 * 20 + np.pi * 10**2, rel=0.03)
    assert ink[100, 45] == 1
    assert ink[100, 35] == 0


def test_a_curve_passes_through_the_midpoints():
    points = np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [0.0, 100.0]])
    curve = smooth_curve(points)
    for middle in (points[1:-2] + points[2:-1]) / 2:
        assert np.hypot(*(curve - middle).T).min() < 1e-9
    assert (curve[0] == points[0]).all()
    assert (curve[-1] == points[-1]).all()


def test_what_the_canvas_sends_is_read_as_it_was_drawn():
    (stroke,) = from_canvas(path(["M", 10, 20], ["Q", 30, 20, 30, 40], ["L", 30, 80], width=12))
    assert stroke.width == 12
    assert stroke.points[0].tolist() == [10, 20]
    assert stroke.points[-1].tolist() == [30, 80]


@pytest.mark.parametrize("nothing", [None, {}, {"objects": []}, {"objects": [{"type": "Rect"}]}])
def test_no_path_is_no_stroke(nothing):
    assert from_canvas(nothing) == []


@pytest.mark.parametrize(
    "hostile",
    [
        path(["M", "ten", 20]),
        path(["M", float("nan"), 20]),
        path(["M", 1e9, 20]),
        path(["M", 1, 2, 3]),
        {"objects": [{"type": "Path"}]},
        {"objects": [7]},
        {"objects": path(["M", 1, 2])["objects"] * (MAX_STROKES + 1)},
    ],
)
def test_what_no_hand_draws_is_refused_in_a_sentence(hostile):
    with pytest.raises(DrawingError):
        from_canvas(hostile)


def test_a_pen_is_never_wider_than_the_canvas_allows():
    (stroke,) = from_canvas(path(["M", 10, 20], width=1e4))
    assert stroke.width <= 100
