"""New versions of the training images for each epoch: bent, redrawn with a round pen, or written in other styles.

The canvas has one pen of even width, but MNIST was written with many pencils. So images are redrawn from their centre
lines. Each new pixel is mapped to its source position. It becomes ink if the line is closer than half the pen's width.
All changes are combined into one mapping, so an image is resampled, and blurred, only once.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from core.augment.handwriting_styles import NO_STROKE, STYLED_DIGITS, distance_to_strokes, shorten_stems, style_strokes
from core.augment.skeletons import CELLS_PER_PIXEL, DISTANCE_STEPS, MAX_DISTANCE, Skeletons, centre_lines
from core.config.run_config import RunConfig
from core.data.random_streams import DISTORTIONS, random
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
SHORT_STEM_SHARE = 0.6  # share of the styled 4s whose stem is shortened
SHORT_STEM_STREAM = 2  # number of this random stream
_KNOTS = 7
_CHUNK = 300  # images at a time, so that the data stays in the processor's cache


class Redrawer:
    """Draws new versions of the same training images: knobs `augmentation`, `pen`, `styles` and `unchanged`.

    images: uint8 (n, 28, 28); labels: uint8 (n,). Finding the centre lines of 60,000 images takes about 5 s, once.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, config: RunConfig) -> None:
        self.images, self.labels, self.config = images, labels, config
        self.lines = centre_lines(images)
        fours = labels == 4
        self._short = shorten_stems(self.lines[fours], random(config.seed, 0, SHORT_STEM_STREAM))
        self._place = np.cumsum(fours) - 1  # position of each 4 among all 4s

    def draw_epoch(self, rng: np.random.Generator) -> np.ndarray:
        """The images of one epoch: uint8 (n, 28, 28). 60,000 images take about 5 s."""
        drawn = np.empty_like(self.images)
        for start in range(0, len(drawn), _CHUNK):
            part = slice(start, start + _CHUNK)
            lines, short = self._lines(part, rng)
            drawn[part] = _redraw(self.images[part], self.labels[part], lines, short, self.config, rng)
        if self.config.unchanged:
            kept = rng.random(len(drawn)) < self.config.unchanged
            drawn[kept] = self.images[kept]
        return drawn

    def _lines(self, part: slice, rng: np.random.Generator) -> tuple[Skeletons, np.ndarray]:
        """The centre lines of some images, and a mask, bool (n,), of the 4s with a shortened stem."""
        labels = self.labels[part]
        short = (labels == 4) & (rng.random(len(labels)) < self.config.styles * SHORT_STEM_SHARE)
        chosen = np.flatnonzero(short)
        return self.lines[part].replace_at(chosen, self._short[self._place[part][chosen]]), short


class EpochPrefetcher:
    """The images of each epoch of a run. The next epoch is drawn in the background during training.

    They depend only on the seed and the epoch, so a resumed run trains on the same images.
    """

    def __init__(self, variations: Redrawer) -> None:
        self.variations, self.config = variations, variations.config
        self._executor = ThreadPoolExecutor(1, "variations")
        self._futures: dict[int, Future[np.ndarray]] = {}

    def __call__(self, epoch: int) -> np.ndarray:
        """The images of `epoch`, 0-based: uint8 (n, 28, 28)."""
        images = self._submit(epoch).result()
        self._futures.clear()
        if epoch + 1 < self.config.epochs:
            self._futures[epoch + 1] = self._submit(epoch + 1)
        return images

    def _submit(self, epoch: int) -> Future[np.ndarray]:
        rng = random(self.config.seed, epoch, DISTORTIONS)
        return self._futures.get(epoch) or self._executor.submit(self.variations.draw_epoch, rng)


@dataclass(frozen=True)
class _RedrawPlan:
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


def _redraw(
    images: np.ndarray,
    labels: np.ndarray,
    lines: Skeletons,
    short: np.ndarray,
    config: RunConfig,
    rng: np.random.Generator,
) -> np.ndarray:
    plan = _random_plan(labels, lines, short, config, rng)
    x, y = _source_positions(plan)
    added = np.full(x.shape, MAX_DISTANCE, np.float32)
    styled = np.flatnonzero(plan.strokes[:, :, 0, 0].max(1) > NO_STROKE)
    added[styled] = distance_to_strokes(plan.strokes[styled], x[styled], y[styled])
    drawn = np.empty(x.shape, np.float32)
    pen, own = np.flatnonzero(plan.pen), np.flatnonzero(~plan.pen)
    line = _interpolate(lines.distance[pen], x[pen], y[pen], CELLS_PER_PIXEL, beyond=255) / (
        DISTANCE_STEPS * CELLS_PER_PIXEL
    )
    distance = np.minimum(line, added[pen]) * plan.size[pen, None]
    drawn[pen] = _pen_ink(distance, plan.width[pen, None], plan.edge[pen, None])
    # A stroke added to an image's own ink gets the width of that ink.
    width = np.clip(images[own].sum((1, 2)) / 255 / np.maximum(lines.length[own], 1), 1.2, 3.5).astype(np.float32)
    drawn[own] = np.maximum(_interpolate(images[own], x[own], y[own], 1), _pen_ink(added[own], width[:, None], 1.0))
    return np.rint(drawn).astype(np.uint8).reshape(images.shape)


def _random_plan(
    labels: np.ndarray, lines: Skeletons, short: np.ndarray, config: RunConfig, rng: np.random.Generator
) -> _RedrawPlan:
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
    bend = rng.normal(0, 1, (n, 2, _KNOTS, _KNOTS)) * (rng.uniform(0, MAX_BEND, n) * amount)[:, None, None, None]
    parts = (width, edge, strokes, shape * size[:, None, None], size, middle, target, bend)
    return _RedrawPlan(pen, *(part.astype(np.float32) for part in parts))


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


def _source_positions(plan: _RedrawPlan) -> tuple[np.ndarray, np.ndarray]:
    """The source position of each new pixel: x and y, float32 (n, 784)."""
    shifts = ((_SPLINE_WEIGHTS @ plan.bend).reshape(-1, _KNOTS) @ _SPLINE_WEIGHTS.T).reshape(
        len(plan.size), 2, SIDE * SIDE
    )
    x = shifts[:, 0] + (_PIXELS[0] - plan.target[:, :1])
    y = shifts[:, 1] + (_PIXELS[1] - plan.target[:, 1:])
    back = np.linalg.inv(plan.matrix)[:, :, :, None]
    return (
        back[:, 0, 0] * x + back[:, 0, 1] * y + plan.middle[:, :1],
        back[:, 1, 0] * x + back[:, 1, 1] * y + plan.middle[:, 1:],
    )


def _interpolate(maps: np.ndarray, x: np.ndarray, y: np.ndarray, fine: int, beyond: int = 0) -> np.ndarray:
    """Bilinear values of `maps`, uint8 (n, s, s) with `fine` cells per pixel, at positions (x, y)."""
    side = maps.shape[1] + 2
    padded = np.full((len(maps), side, side), beyond, np.float32)
    padded[:, 1:-1, 1:-1] = maps
    x, y = np.clip(x * fine + 0.5, 0, side - 1.001), np.clip(y * fine + 0.5, 0, side - 1.001)
    left, top = x.astype(np.int32), y.astype(np.int32)
    x -= left
    y -= top
    at = top * side + left + (np.arange(len(maps), dtype=np.int32) * side * side)[:, None]
    flat = padded.reshape(-1)
    upper, lower = flat.take(at), flat.take(at + side)
    upper += (flat.take(at + 1) - upper) * x
    lower += (flat.take(at + side + 1) - lower) * x
    upper += (lower - upper) * y
    return upper


def _pen_ink(distance: np.ndarray, width: np.ndarray, edge: np.ndarray | float) -> np.ndarray:
    """Ink, 0 to 255, of a pen of this `width` at a `distance` from its line."""
    return np.clip((width / 2 - distance) / edge + 0.5, 0, 1) * 255


def _spline_weights() -> np.ndarray:
    """Cubic B-spline weights from a coarse grid, slightly wider than the image, to its pixels: float32 (28, 7)."""
    knots = np.linspace(-4, SIDE + 4, _KNOTS)
    distance = np.abs(np.arange(SIDE)[:, None] + 0.5 - knots) / (knots[1] - knots[0])
    near, far = (4 - 6 * distance**2 + 3 * distance**3) / 6, np.clip(2 - distance, 0, None) ** 3 / 6
    return np.where(distance < 1, near, far).astype(np.float32)


_SPLINE_WEIGHTS = _spline_weights()
_PIXELS = (np.indices((SIDE, SIDE)).reshape(2, -1)[::-1] + 0.5).astype(np.float32)
