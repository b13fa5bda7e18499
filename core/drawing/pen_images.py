"""Pen digits as the network gets them from the Draw page: drawn on a canvas with round pens, then normalised."""

import hashlib

import numpy as np

from core.data import cache
from core.data.pen_digits import PEN_WIDTHS, PenDigits
from core.digits import SIDE, Digits
from core.drawing.normalise import to_digit
from core.drawing.strokes import Stroke, render, smooth_curve
from core.files import suppress_disk_errors
from core.home import home

CANVAS = 280  # pixels: its side
SIZES = (0.4, 0.9)  # share of the canvas that the longer side of the ink takes
TRAINING_SIZES = (0.3, 0.9)  # smaller ones too: a thick pen then fills half of a digit
_VERSION, _SEED = 1, 81


def draw(
    strokes: tuple[np.ndarray, ...], width: float, rng: np.random.Generator, sizes: tuple[float, float] = SIZES
) -> np.ndarray:
    """One digit on the canvas in a random size and place, as the browser draws it: uint8 (280, 280, 4)."""
    points = np.concatenate(strokes)
    low, span = points.min(0), np.ptp(points, axis=0)
    scale = (rng.uniform(*sizes) * CANVAS - width) / max(span.max(), 1)
    ink = span * scale + width
    corner = rng.uniform(0, 1, 2) * (CANVAS - ink) + width / 2
    drawn = [Stroke(smooth_curve((part - low) * scale + corner), width) for part in strokes]
    return render(drawn, CANVAS, CANVAS)


def training_digits(pen_digits: PenDigits) -> Digits:
    """Each digit drawn with each of the three pens, always the same images; 18,000 take a minute, once per home."""
    stamp = [np.array([_VERSION, _SEED]), pen_digits.labels, *(part for parts in pen_digits.strokes for part in parts)]
    digest = hashlib.blake2b(b"".join(part.tobytes() for part in stamp), digest_size=8).hexdigest()
    path = home() / "data" / "worked-out" / f"pen-digits-{digest}.npz"
    found = cache.read(path)
    if found is None or found.get("images", np.zeros(0)).shape != (len(pen_digits) * len(PEN_WIDTHS), SIDE, SIDE):
        rng = np.random.default_rng(_SEED)
        drawn = [
            to_digit(draw(strokes, width, rng, TRAINING_SIZES)).digit
            for width in PEN_WIDTHS
            for strokes in pen_digits.strokes
        ]
        found = {"images": np.stack(drawn)}
        with suppress_disk_errors():
            cache.write(path, found)
    return Digits(found["images"], np.tile(pen_digits.labels, len(PEN_WIDTHS)))
