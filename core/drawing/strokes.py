"""Pen strokes, and the pixels that a canvas renders from them: smooth curves with round ends."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from core.errors import DrawingError

MAX_STROKES, MAX_POINTS, MAX_WIDTH = 500, 10_000, 100
MAX_PLACE = 10_000  # pixels: no point of a stroke is further from the canvas
_MAX_FIELDS, _MAX_TEXT = 80, 60  # of one of Fabric's objects: fields, and characters of a value
_MAX_NUMBERS = 6  # of one command: two points are the most that a pen draws
_SUPERSAMPLING = 3  # the pen is drawn this many times finer than the picture, then averaged: smooth edges
_ORIGINS = {"left": 0.5, "top": 0.5, "center": 0.0, "right": -0.5, "bottom": -0.5}  # from there to the centre
_CURVE_SEGMENTS = 6  # straight pieces that replace one curve


@dataclass(frozen=True)
class Stroke:
    """One line of the pen: its points, float (n, 2) as x and y from the top left corner, and its width, in pixels."""

    points: np.ndarray
    width: float


def from_canvas(canvas: Mapping[str, Any] | None) -> list[Stroke]:
    """The strokes in the JSON of the canvas: Fabric's objects of type path, moved, turned and scaled as on screen.

    Raises `DrawingError` for too many strokes, or for something else than a drawing: a browser sends it.
    """
    try:
        paths = [item for item in (canvas or {}).get("objects", ()) if item.get("type", "").lower() == "path"]
        _check_amount(paths)
        with np.errstate(all="ignore"):  # numbers that are too large are refused afterwards
            return [_to_stroke(item) for item in paths]
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise DrawingError("The drawing could not be read. Press Clear and draw again.") from error


def checked(canvas: Any) -> dict[str, Any]:
    """The drawing that a browser sent, with nothing else in it than strokes: only this is kept for later.

    Raises `DrawingError` where `from_canvas` does.
    """
    from_canvas(canvas)
    if not canvas:
        return {"objects": []}
    paths = [item for item in canvas.get("objects", ()) if item.get("type", "").lower() == "path"]
    return {**_short_values(canvas), "objects": [_checked_path(item) for item in paths]}


def _check_amount(paths: Sequence[Any]) -> None:
    if len(paths) > MAX_STROKES or sum(len(item["path"]) for item in paths) > MAX_POINTS:
        raise DrawingError(
            f"A drawing may have {MAX_STROKES} strokes and {MAX_POINTS:,} points. Press Clear and draw with fewer.",
            received=len(paths),
        )
    commands = (command for item in paths for command in item["path"])
    if any(not isinstance(command, list) or len(command) > 1 + _MAX_NUMBERS for command in commands):
        raise ValueError("not a command of a path")


def _checked_path(item: Mapping[str, Any]) -> dict[str, Any]:
    """One of Fabric's objects with its path and its short values."""
    return {**_short_values(item), "path": item["path"]}


def _short_values(item: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers and short texts of an object: its colour, its version."""
    return {
        name[:_MAX_TEXT]: value
        for name, value in list(item.items())[:_MAX_FIELDS]
        if value is None or isinstance(value, (bool, int, float)) or (isinstance(value, str) and len(value) < _MAX_TEXT)
    }


def smooth_curve(points: np.ndarray) -> np.ndarray:
    """The curve that Fabric draws from the pen's `points`, (n, 2): quadratic through neighbours' midpoints."""
    if len(points) < 3:
        return points
    middles = (points[:-1] + points[1:]) / 2
    starts = np.concatenate([points[:1], middles[1:-1]])
    curves = [_quadratic(*ends) for ends in zip(starts, points[1:-1], middles[1:], strict=True)]
    return np.concatenate([points[:1], *curves, points[-1:]])


def render(strokes: Sequence[Stroke], height: int, width: int, under: np.ndarray | None = None) -> np.ndarray:
    """White strokes on black, or on `under`, uint8 (height, width): uint8 (height, width, 4), alpha 255."""
    fine = Image.new("L", (width * _SUPERSAMPLING, height * _SUPERSAMPLING))
    pen = ImageDraw.Draw(fine)
    for stroke in strokes:
        _draw(pen, stroke.points * _SUPERSAMPLING, stroke.width * _SUPERSAMPLING)
    grey = np.asarray(fine.reduce(_SUPERSAMPLING))
    if under is not None:
        grey = np.maximum(grey, under)
    return np.dstack([grey, grey, grey, np.full_like(grey, 255)])


def _draw(pen: ImageDraw.ImageDraw, points: np.ndarray, width: float) -> None:
    """Straight pieces, and a disc at each joint and end."""
    radius = width / 2
    if len(points) > 1:
        pen.line([(float(x), float(y)) for x, y in points], fill=255, width=max(1, round(width)))
    for x, y in points:
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)


def _to_stroke(item: Mapping[str, Any]) -> Stroke:
    points, width = _path_to_points(item["path"]), _clip_width(item.get("strokeWidth", 1))
    if not len(points) or not {"left", "top"} <= item.keys():
        return Stroke(points, width)
    low, high = _bounds(item["path"])
    matrix = _transform_matrix(item)
    span = high - low + width  # Fabric counts the pen's width as part of the object
    corners = matrix @ (np.array([[-1, 1, -1, 1], [-1, -1, 1, 1]]) * span[:, None] / 2)
    offset = np.array([_ORIGINS[item.get("originX", "left")], _ORIGINS[item.get("originY", "top")]])
    unrotated = _rotation(-_number(item, "angle")) @ corners
    centre = np.array([_number(item, "left"), _number(item, "top")])
    centre = centre + _rotation(_number(item, "angle")) @ (offset * np.ptp(unrotated, axis=1))
    scale = math.sqrt(abs(np.linalg.det(matrix)))
    places = (points - (low + high) / 2) @ matrix.T + centre
    if not (np.abs(places) <= MAX_PLACE).all():  # also false for NaN
        raise ValueError("too far from the canvas")
    return Stroke(places, _clip_width(width * scale))


def _transform_matrix(item: Mapping[str, Any]) -> np.ndarray:
    """Rotation, scale and skew of one of Fabric's objects, float (2, 2)."""
    x, y = (-1 if item.get(name) else 1 for name in ("flipX", "flipY"))
    scale = np.diag([x * _number(item, "scaleX", 1), y * _number(item, "scaleY", 1)])
    skew_x, skew_y = (math.tan(math.radians(_number(item, name))) for name in ("skewX", "skewY"))
    skew = np.array([[1, skew_x], [0, 1]]) @ np.array([[1, 0], [skew_y, 1]])
    matrix: np.ndarray = _rotation(_number(item, "angle")) @ scale @ skew
    return matrix


def _rotation(degrees: float) -> np.ndarray:
    angle = math.radians(degrees)
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def _bounds(path: Sequence[Sequence[Any]]) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and largest x and y of a path, with the exact extremes of its curves: Fabric's box."""
    places: list[np.ndarray] = []
    for command, *numbers in path:
        values = np.array([_to_finite(number) for number in numbers], float).reshape(-1, 2)
        if command == "Q" and places:
            start, control, end = places[-1], *values
            bend = start - 2 * control + end
            t = np.clip(np.divide(start - control, bend, out=np.zeros(2), where=bend != 0), 0, 1)
            places.append((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)
        places.append(values[-1])
    return np.min(places, axis=0), np.max(places, axis=0)


def _number(item: Mapping[str, Any], name: str, default: float = 0.0) -> float:
    return _to_finite(item.get(name, default))


def _path_to_points(path: Sequence[Sequence[Any]]) -> np.ndarray:
    """Fabric's M, L and Q commands as points, float (n, 2)."""
    points: list[np.ndarray] = []
    for command, *numbers in path:
        values = np.array([_to_finite(number) for number in numbers], float).reshape(-1, 2)
        if command == "Q" and points:
            points.extend(_quadratic(points[-1], *values))
        elif command in ("M", "L"):
            points.append(values[0])
    return np.array(points).reshape(-1, 2)


def _quadratic(start: np.ndarray, control: np.ndarray, end: np.ndarray) -> np.ndarray:
    t = np.linspace(0, 1, _CURVE_SEGMENTS + 1)[1:, None]
    return (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end


def _to_finite(number: Any) -> float:
    if number is None or isinstance(number, str):
        raise ValueError("not a number")
    if not abs(number) <= MAX_PLACE:  # also false for NaN, and safe for a number of hundreds of digits
        raise ValueError("not a place on a canvas")
    return float(number)


def _clip_width(number: Any) -> float:
    return min(max(_to_finite(number), 1.0), MAX_WIDTH)
