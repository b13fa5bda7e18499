"""The random changes of some images in one epoch: pen, strokes, shape, place and bend.

All random numbers of an epoch are drawn here, in one order, so the same seed gives the same images.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from core.augment.handwriting_styles import NO_STROKE, STYLED_DIGITS, style_strokes
from core.augment.skeletons import Skeletons
from core.config.run_config import RunConfig
from core.digits import SIDE

FIT_SIZE = 20  # pixels: the longer side of a normalised drawing
MASS_CENTRE = 14.35  # target of the centre of mass: 14.5 in MNIST, 14 for a drawing
PEN_WIDTHS = (1.2, 3.6)  # pixels: range of the round pen's width
EDGE_WIDTHS = (1.0, 1.6)  # pixels over which ink fades to paper

# Spreads at full strength. `OWN_INK_FACTOR` reduces them for images that keep their own ink, which should stay close
# to MNIST.
ROTATION_STD, SHEAR_STD, STRETCH_STD = 9.0, 0.18, 0.16  # degrees; pixels per pixel; logarithm of width / height
SIZE_STD, SHIFT_STD, MAX_BEND = 0.04, 0.45, 1.65  # logarithm; pixels; pixels
OWN_INK_FACTOR = 0.6
KNOTS = 7  # of the coarse grid of bends, in each direction


@dataclass(frozen=True)
class RedrawPlan:
    """The random changes of n images."""

    pen: np.ndarray  # bool (n,): redrawn with the pen, else it keeps its own ink
    width: np.ndarray  # (n,), width of the pen
    edge: np.ndarray  # (n,)
    strokes: np.ndarray  # (n, 2, 6, 2), added strokes
    matrix: np.ndarray  # (n, 2, 2), maps positions in the image to the new image
    size: np.ndarray  # (n,), the scale factor in `matrix`
    middle: np.ndarray  # (n, 2), the position in the image that moves to `target`
    target: np.ndarray  # (n, 2)
    bend: np.ndarray  # (n, 2, 7, 7), shifts of a coarse grid in pixels, interpolated smoothly

    def __getitem__(self, chosen: np.ndarray) -> Self:
        return type(self)(*(getattr(self, field.name)[chosen] for field in fields(self)))


def random_plan(
    labels: np.ndarray, lines: Skeletons, short: np.ndarray, config: RunConfig, rng: np.random.Generator
) -> RedrawPlan:
    """Random changes for images with these `labels` and centre `lines`. short: bool (n,), the 4s with a short stem."""
    n, strength = len(labels), config.augmentation
    pen = (rng.random(n) < config.pen) | short  # a shortened stem has no original ink
    styled = np.isin(labels, STYLED_DIGITS) & (rng.random(n) < config.styles) & ~short
    strokes = np.full((n, 2, 6, 2), NO_STROKE, np.float32)
    strokes[styled] = style_strokes(labels[styled], lines[styled], rng)
    width, edge = rng.uniform(*PEN_WIDTHS, n), rng.uniform(*EDGE_WIDTHS, n)
    amount = np.where(pen, strength, strength * OWN_INK_FACTOR)
    shape = _shapes(amount, rng)
    extent, middle = _extent(shape, lines, strokes)
    # Redrawn images are scaled like a drawing. An image with its own ink is scaled only if a stroke would not fit.
    fitting = (FIT_SIZE - width) / np.maximum(extent, 4)
    room = np.where(styled, np.minimum(1, (FIT_SIZE - 1) / np.maximum(extent + 2, 1)), 1)
    size = np.where(pen, fitting, room) * np.exp(rng.normal(0, SIZE_STD, n) * strength)
    target = MASS_CENTRE + rng.normal(0, SHIFT_STD, (n, 2)) * strength
    bend = rng.normal(0, 1, (n, 2, KNOTS, KNOTS)) * (rng.uniform(0, MAX_BEND, n) * amount)[:, None, None, None]
    parts = (width, edge, strokes, shape * size[:, None, None], size, middle, target, bend)
    return RedrawPlan(pen, *(part.astype(np.float32) for part in parts))


def _shapes(amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random rotation, slant and stretch that keep the area: float (n, 2, 2)."""
    turn, slant, stretch = (
        np.clip(rng.normal(0, spread, len(amount)), -2.3 * spread, 2.3 * spread) * amount
        for spread in (np.deg2rad(ROTATION_STD), SHEAR_STD, STRETCH_STD)
    )
    wider, zero = np.exp(stretch), np.zeros_like(turn)
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    slanted = np.array([[wider, slant], [zero, 1 / wider]])
    return np.einsum("abn,bcn->nac", turned, slanted)


def _extent(shape: np.ndarray, lines: Skeletons, strokes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The longer side of each line in its new shape, (n,), and its centre of mass in the old one, (n, 2)."""
    extremes, low_of, mass = lines.extremes, lines.extremes, lines.length.copy()
    moment = lines.middle * mass[:, None]
    places = [extremes]
    for stroke in np.moveaxis(strokes, 1, 0):
        drawn = stroke[:, :1, :1] > NO_STROKE
        places.append(np.where(drawn, stroke, low_of[:, :1]))
        pieces = np.linalg.norm(np.diff(stroke, axis=1), axis=2) * drawn[:, 0]
        mass += pieces.sum(1)
        moment += ((stroke[:, 1:] + stroke[:, :-1]) / 2 * pieces[:, :, None]).sum(1)
    spread = np.concatenate(places, 1) @ np.swapaxes(shape, 1, 2)
    middle = np.where(mass[:, None] > 0, moment / np.maximum(mass, 1e-6)[:, None], SIDE / 2)
    return np.ptp(spread, axis=1).max(1), middle
