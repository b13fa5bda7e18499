"""Digits as masks of ink, for pages that tests and benchmarks draw: from MNIST's test images, or lines of a pen."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from core.drawing.strokes import Stroke, render

Lines = list[list[tuple[float, float]]]
Writer = Callable[[np.random.Generator, int, float, float], np.ndarray]  # digit, height, pen → float (h, w) in [0, 1]


def _ring(x: float, y: float, rx: float, ry: float, start: float = -90, end: float = 270) -> list[tuple[float, float]]:
    angles = np.deg2rad(np.linspace(start, end, 20))
    return [(float(x + rx * np.cos(a)), float(y + ry * np.sin(a))) for a in angles]


# Each digit in the ways that people write it: x to the right, y down, height 1.
WAYS: dict[int, list[Lines]] = {
    0: [[_ring(0.3, 0.5, 0.3, 0.5)], [_ring(0.25, 0.5, 0.25, 0.5, -60, 310)]],
    1: [[[(0.0, 0.25), (0.2, 0), (0.2, 1)]], [[(0.1, 0), (0.08, 1)]]],
    2: [[[*_ring(0.28, 0.28, 0.28, 0.28, 190, 380), (0, 1), (0.6, 1)]]],
    3: [[[*_ring(0.25, 0.25, 0.28, 0.25, 200, 440), *_ring(0.25, 0.74, 0.31, 0.26, -80, 160)]]],
    4: [[[(0.35, 0), (0, 0.6), (0.62, 0.6)], [(0.45, 0.3), (0.42, 1)]], [[(0.1, 0), (0, 0.55), (0.55, 0.55)],
        [(0.5, 0), (0.48, 1)]]],
    5: [[[(0.55, 0), (0.08, 0), (0.04, 0.45), *_ring(0.26, 0.69, 0.3, 0.31, -110, 140)]]],
    6: [[[(0.45, 0), (0.12, 0.4), *_ring(0.28, 0.7, 0.28, 0.3, 180, 540)]]],
    7: [[[(0, 0), (0.6, 0), (0.2, 1)]], [[(0, 0.02), (0.6, 0), (0.25, 1)], [(0.15, 0.5), (0.55, 0.48)]]],
    8: [[[*_ring(0.28, 0.25, 0.24, 0.25, 90, 450), *_ring(0.28, 0.75, 0.28, 0.25, -90, 270)]]],
    9: [[[*_ring(0.28, 0.28, 0.27, 0.28, 0, 360), (0.52, 0.6), (0.45, 1)]]],
}  # fmt: skip


def by_pen(rng: np.random.Generator, digit: int, height: float, pen: float) -> np.ndarray:
    """Lines of a pen, each time a bit different."""
    ways = WAYS[digit]
    return render_lines(rng, ways[int(rng.integers(len(ways)))], height, pen)


def render_lines(rng: np.random.Generator, lines: Lines, height: float, pen: float) -> np.ndarray:
    """`lines` of height 1, slanted and stretched a bit, float (h, w)."""
    matrix = np.array([[rng.uniform(0.9, 1.25), -rng.uniform(-0.12, 0.2)], [rng.uniform(-0.06, 0.06), 1]])
    placed = [
        np.array(line) @ matrix.T * (height - pen) + rng.normal(0, 0.008 * height, (len(line), 2)) for line in lines
    ]
    low = np.concatenate(placed).min(0) - pen / 2 - 2
    wide, high = np.ceil(np.concatenate(placed).max(0) - low + pen / 2 + 2).astype(int)
    return render([Stroke(line - low, pen) for line in placed], int(high), int(wide))[..., 0] / 255


def from_images(images: np.ndarray, labels: np.ndarray) -> Writer:
    """A writer that takes an image of the digit, uint8 (n, 28, 28), and enlarges it; the pen is as in the image."""
    places = [np.flatnonzero(labels == digit) for digit in range(10)]

    def write(rng: np.random.Generator, digit: int, height: float, pen: float) -> np.ndarray:
        image = images[rng.choice(places[digit])]
        rows, columns = np.flatnonzero((image > 60).any(1)), np.flatnonzero((image > 60).any(0))
        cut = Image.fromarray(np.pad(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 2))
        scale = height / (len(rows) or 1)
        large = cut.resize(
            (max(1, round(cut.width * scale)), max(1, round(cut.height * scale))), Image.Resampling.BICUBIC
        )
        return np.clip((np.asarray(large, float) / 255 - 0.5) * max(2, 0.3 * scale) + 0.5, 0, 1)

    return write
