"""Drawings that are no digits: letters, shapes and scribbles, drawn as a hand draws them, each time a bit different.

Left out are the letters that are digits in most hands: B, D, G, I, J, O, Q, S, Z.
"""

from collections.abc import Callable, Iterator

import numpy as np

from core.drawing import strokes

SIDE = 280
Lines = list[list[tuple[float, float]]]


def _arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> list[tuple[float, float]]:
    """A piece of an ellipse, in degrees, clockwise from the right."""
    angles = np.deg2rad(np.linspace(start, end, 24))
    return [(float(x + rx * np.cos(a)), float(y + ry * np.sin(a))) for a in angles]


_ROUND = _arc(0.5, 0.5, 0.5, 0.5, 0, 360)
LETTERS: dict[str, Lines] = {
    "A": [[(0, 1), (0.45, 0), (0.9, 1)], [(0.2, 0.6), (0.7, 0.6)]],
    "C": [_arc(0.5, 0.5, 0.45, 0.5, -50, -310)],
    "E": [[(0.7, 0), (0, 0), (0, 1), (0.7, 1)], [(0, 0.5), (0.6, 0.5)]],
    "F": [[(0.7, 0), (0, 0), (0, 1)], [(0, 0.5), (0.5, 0.5)]],
    "H": [[(0, 0), (0, 1)], [(0.7, 0), (0.7, 1)], [(0, 0.5), (0.7, 0.5)]],
    "K": [[(0, 0), (0, 1)], [(0.7, 0), (0, 0.55), (0.7, 1)]],
    "L": [[(0, 0), (0, 1), (0.6, 1)]],
    "M": [[(0, 1), (0.1, 0), (0.5, 0.7), (0.9, 0), (1, 1)]],
    "N": [[(0, 1), (0, 0), (0.7, 1), (0.7, 0)]],
    "P": [[(0, 1), (0, 0)], [(0, 0), (0.4, 0), *_arc(0.4, 0.27, 0.3, 0.27, -90, 90), (0, 0.54)]],
    "R": [[(0, 1), (0, 0)], [(0, 0), (0.4, 0), *_arc(0.4, 0.27, 0.3, 0.27, -90, 90), (0, 0.54), (0.7, 1)]],
    "T": [[(0, 0), (0.8, 0)], [(0.4, 0), (0.4, 1)]],
    "U": [[(0, 0), (0, 0.6), *_arc(0.35, 0.65, 0.35, 0.35, 180, 0), (0.7, 0)]],
    "V": [[(0, 0), (0.4, 1), (0.8, 0)]],
    "W": [[(0, 0), (0.25, 1), (0.5, 0.3), (0.75, 1), (1, 0)]],
    "X": [[(0, 0), (0.8, 1)], [(0.8, 0), (0, 1)]],
    "Y": [[(0, 0), (0.4, 0.5)], [(0.8, 0), (0.4, 0.5), (0.4, 1)]],
    "a": [_arc(0.4, 0.6, 0.35, 0.35, -40, -360), [(0.8, 0.25), (0.8, 0.85), (0.95, 0.95)]],
    "e": [[(0.1, 0.5), (0.8, 0.5), *_arc(0.45, 0.55, 0.4, 0.45, -10, -310)]],
    "h": [[(0, 0), (0, 1)], [(0, 0.6), *_arc(0.3, 0.65, 0.3, 0.2, 180, 360), (0.6, 1)]],
    "k": [[(0, 0), (0, 1)], [(0.5, 0.4), (0, 0.7), (0.5, 1)]],
    "m": [[(0, 0.4), (0, 1)], [(0, 0.6), *_arc(0.2, 0.6, 0.2, 0.2, 180, 360), (0.4, 1)],
          [(0.4, 0.6), *_arc(0.6, 0.6, 0.2, 0.2, 180, 360), (0.8, 1)]],
    "n": [[(0, 0.3), (0, 1)], [(0, 0.55), *_arc(0.3, 0.55, 0.3, 0.22, 180, 360), (0.6, 1)]],
    "w": [[(0, 0.3), (0.2, 1), (0.45, 0.45), (0.7, 1), (0.9, 0.3)]],
}  # fmt: skip
SHAPES: dict[str, Lines] = {
    "circle with a cross": [_ROUND, [(0.15, 0.15), (0.85, 0.85)], [(0.85, 0.15), (0.15, 0.85)]],
    "square": [[(0, 0), (0.9, 0), (0.9, 0.9), (0, 0.9), (0, 0)]],
    "triangle": [[(0.5, 0), (1, 0.9), (0, 0.9), (0.5, 0)]],
    "star": [[(float(0.5 + 0.5 * np.sin(a)), float(0.5 - 0.5 * np.cos(a))) for a in np.arange(6) * 4 * np.pi / 5]],
    "plus": [[(0.5, 0), (0.5, 1)], [(0, 0.5), (1, 0.5)]],
    "hash": [[(0.3, 0), (0.3, 1)], [(0.7, 0), (0.7, 1)], [(0, 0.3), (1, 0.3)], [(0, 0.7), (1, 0.7)]],
    "face": [_ROUND, [(0.3, 0.35), (0.31, 0.36)], [(0.7, 0.35), (0.71, 0.36)], _arc(0.5, 0.55, 0.25, 0.25, 150, 30)],
    "arrow": [[(0, 0.5), (1, 0.5)], [(0.7, 0.2), (1, 0.5), (0.7, 0.8)]],
    "heart": [[(0.5, 1), (0, 0.4), *_arc(0.25, 0.28, 0.25, 0.25, 180, 360),
               *_arc(0.75, 0.28, 0.25, 0.25, 180, 360), (0.5, 1)]],
    "house": [[(0, 0.45), (0.5, 0), (1, 0.45)], [(0.1, 0.4), (0.1, 1), (0.9, 1), (0.9, 0.4)]],
    "spiral": [[(float(0.5 + a / 40 * np.cos(a)), float(0.5 + a / 40 * np.sin(a))) for a in np.linspace(0, 19, 90)]],
    "tick": [[(0, 0.6), (0.35, 1), (1, 0)]],
    "sun": [_arc(0.5, 0.5, 0.22, 0.22, 0, 360), *[[
        (float(0.5 + 0.32 * np.cos(a)), float(0.5 + 0.32 * np.sin(a))),
        (float(0.5 + 0.5 * np.cos(a)), float(0.5 + 0.5 * np.sin(a)))] for a in np.arange(8) * np.pi / 4]],
}  # fmt: skip


def drawn(lines: Lines, rng: np.random.Generator, width: float | None = None) -> np.ndarray:
    """The lines by an unsteady hand: slanted, turned, stretched, anywhere on a 280×280 canvas, uint8 (280, 280, 4)."""
    width = width or float(rng.choice([12, 20, 28]))
    angle, slant = np.deg2rad(rng.uniform(-10, 10)), rng.uniform(-0.2, 0.2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.array([[rng.uniform(0.8, 1.2), -slant], [0, 1]])
    lengths = [_walked(np.array(line, float), rng) @ matrix.T for line in lines]
    points = np.concatenate(lengths)
    low, span = points.min(0), max(float(np.ptp(points, axis=0).max()), 1e-6)
    scale = (rng.uniform(0.4, 0.9) * SIDE - width) / span
    corner = rng.uniform(0, 1, 2) * (SIDE - np.ptp(points, axis=0) * scale - width) + width / 2
    return strokes.render([strokes.Stroke((line - low) * scale + corner, width) for line in lengths], SIDE, SIDE)


def letters(n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    return _any_of(list(LETTERS.values()), n, rng)


def shapes(n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    return _any_of(list(SHAPES.values()), n, rng)


def scribbles(n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """A hand that goes to and fro: 12 to 30 turns, anywhere."""
    for _ in range(n):
        places = rng.uniform(0, 1, (int(rng.integers(12, 30)), 2))
        yield drawn([[(float(x), float(y)) for x, y in strokes.smooth_curve(places)]], rng)


KINDS: dict[str, Callable[[int, np.random.Generator], Iterator[np.ndarray]]] = {
    "letters": letters,
    "shapes": shapes,
    "scribbles": scribbles,
}


def _any_of(kinds: list[Lines], n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    return (drawn(kinds[int(rng.integers(len(kinds)))], rng) for _ in range(n))


def _walked(line: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Points every twentieth of the size, each pushed a little by a slow tremor."""
    steps = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    along = np.linspace(0, steps[-1], max(2, int(steps[-1] * 20)))
    points = np.stack([np.interp(along, steps, line[:, axis]) for axis in (0, 1)], axis=1)
    wave = rng.normal(0, 0.02, (2, 3)) @ np.sin(np.outer(np.arange(1, 4), along * 3) + rng.uniform(0, 6, (3, 1)))
    return points + wave.T
