"""Pen strokes and their pixels, and what a browser may send for them."""

import numpy as np
import pytest

from core.drawing.strokes import MAX_POINTS, MAX_STROKES, Stroke, checked, from_canvas, render, smooth_curve
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


def moved(**facts):
    """A stroke from (20, 20) to (20, 60) as Fabric describes it: `left` and `top` are the middle of its box."""
    line = path(["M", 20, 20], ["L", 20, 60], width=10)
    line["objects"][0].update({"originX": "center", "originY": "center", "left": 20, "top": 40, **facts})
    return from_canvas(line)[0]


@pytest.mark.parametrize(
    ("facts", "ends", "width"),
    [
        ({}, [[20, 20], [20, 60]], 10),
        ({"left": 120, "top": 50}, [[120, 30], [120, 70]], 10),
        ({"angle": 90}, [[40, 40], [0, 40]], 10),
        ({"scaleX": 2, "scaleY": 2}, [[20, 0], [20, 80]], 20),
        ({"flipY": True}, [[20, 60], [20, 20]], 10),
        ({"skewX": 45}, [[0, 20], [40, 60]], 10),
        ({"originX": "left", "originY": "top", "left": 100, "top": 200}, [[105, 205], [105, 245]], 10),
        ({"originX": "left", "originY": "top", "left": 0, "top": 0, "angle": 90}, [[-5, 5], [-45, 5]], 10),
    ],
    ids=["unchanged", "moved", "turned", "scaled", "flipped", "skewed", "by its corner", "turned about its corner"],
)
def test_a_stroke_that_was_edited_is_read_as_it_is_seen(facts, ends, width):
    stroke = moved(**facts)
    np.testing.assert_allclose(stroke.points, ends, atol=1e-6)
    assert stroke.width == pytest.approx(width)


def test_the_box_of_a_curve_is_the_one_that_fabric_sends():
    # From a real canvas: a curve that bulges beyond its points, at rest where it was drawn.
    curve = path(["M", 0, 0], ["Q", 100, 50, 0, 100], width=10)
    curve["objects"][0].update({"originX": "center", "originY": "center", "left": 25, "top": 50})
    np.testing.assert_allclose(from_canvas(curve)[0].points[[0, -1]], [[0, 0], [0, 100]], atol=1e-9)


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


HUGE = 10**400


def pen(*path: list, **facts: object) -> dict:
    return {"objects": [{"type": "path", "path": [["M", 5, 5], *path], "strokeWidth": 20, **facts}]}


@pytest.mark.parametrize(
    "drawing",
    [
        pen(["L", HUGE, 1]),
        pen(["L", 9, 9], strokeWidth=HUGE),
        pen(["L", 9, 9], left=HUGE, top=1),
        pen(["L", 9, 9], left=1, top=1, scaleX=9000, scaleY=9000),
        pen(["L", 9, 9], left=1, top=1, skewX=90, skewY=90),
        pen(["L", 20_000, 9]),
        pen(["Q", *[1] * 1_000_000]),
        pen(*[["L", 1, 1]] * (MAX_POINTS + 1)),
        {"objects": 5},
        {"objects": [5]},
        {"objects": [{"type": 5}]},
    ],
)
def test_numbers_that_no_canvas_has_are_a_sentence(drawing):
    with pytest.raises(DrawingError):
        checked(drawing)


def test_only_the_strokes_of_a_message_are_kept():
    drawing = pen(["L", 9, 9], fill="x" * 10_000_000, angle=3)
    drawing["objects"].append({"type": "text", "text": "x" * 10_000_000})
    drawing["background"] = "x" * 10_000_000
    kept = checked(drawing)
    assert len(str(kept)) < 500
    assert kept["objects"][0]["angle"] == 3
    assert len(from_canvas(kept)) == 1
