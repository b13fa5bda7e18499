"""Pen strokes, and the pixels that a canvas makes of them: smooth curves with round ends."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from core.errors import DrawingError

MAX_STROKES, MAX_POINTS, MAX_WIDTH = 500, 20_000, 100
_SUPERSAMPLING = 3  # the pen is drawn this many times finer than the picture, then averaged: smooth edges
_CURVE_SEGMENTS = 6  # straight pieces that stand for one curve


@dataclass(frozen=True)
class Stroke:
    """One line of the pen: its points, float (n, 2) as x and y from the top left corner, and its width, in pixels."""

    points: np.ndarray
    width: float


def from_canvas(canvas: Mapping[str, Any] | None) -> list[Stroke]:
    """The strokes in what the canvas sends: Fabric's objects, of which free-hand paths count.

    Raises `DrawingError` for more than a hand draws, or for what is no drawing: it comes from a browser.
    """
    try:
        paths = [item for item in (canvas or {}).get("objects", ()) if item.get("type", "").lower() == "path"]
        if len(paths) > MAX_STROKES or sum(len(item["path"]) for item in paths) > MAX_POINTS:
            raise DrawingError(f"A drawing may have {MAX_STROKES} strokes. Received: {len(paths)}. Clear some.")
        return [Stroke(_path_to_points(item["path"]), _clip_width(item.get("strokeWidth", 1))) for item in paths]
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise DrawingError("The drawing could not be read. Clear the canvas and draw again.") from error


def smooth_curve(points: np.ndarray) -> np.ndarray:
    """The curve that free-hand drawing makes of the pen's `points`, (n, 2): quadratic through neighbours' midpoints."""
    if len(points) < 3:
        return points
    middles = (points[:-1] + points[1:]) / 2
    starts = np.concatenate([points[:1], middles[1:-1]])
    curves = [_quadratic(*ends) for ends in zip(starts, points[1:-1], middles[1:], strict=True)]
    return np.concatenate([points[:1], *curves, points[-1:]])


def render(strokes: Sequence[Stroke], height: int, width: int, under: np.ndarray | None = None) -> np.ndarray:
    """White strokes on black, uint8 (height, width, 4), alpha 255; `under`, uint8 (height, width), lies beneath."""
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
    value = float(number)
    if not math.isfinite(value) or abs(value) > 1e5:
        raise ValueError("not a place on a canvas")
    return value


def _clip_width(number: Any) -> float:
    return min(max(_to_finite(number), 1.0), MAX_WIDTH)
