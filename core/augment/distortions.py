"""Named distortions of digits: the same functions for previews and for measuring how robust a network is.

Each takes images, uint8 (n, 28, 28), and an amount, one for all images or one for each, float or (n,). It returns new
images.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from core.augment.redraw import Redrawer
from core.config.run_config import RunConfig
from core.digits import SIDE
from core.errors import ConfigError

Amount = float | np.ndarray
Matrix = tuple[Amount, Amount, Amount, Amount]  # xx, xy, yx, yy: row by row
_IDENTITY = (1.0, 0.0, 0.0, 1.0)
_CHUNK = 256  # images at a time


def rotate(images: np.ndarray, degrees: Amount) -> np.ndarray:
    """Rotates the images about their centre, counter-clockwise."""
    angle = np.deg2rad(_per_image(images, degrees))
    cos, sin = np.cos(angle), np.sin(angle)
    return _warp(images, (cos, -sin, sin, cos))


def shift(images: np.ndarray, right: Amount, down: Amount) -> np.ndarray:
    """Moves the images by pixels; fractions are allowed."""
    return _warp(images, right=_per_image(images, right), down=_per_image(images, down))


def zoom(images: np.ndarray, factor: Amount) -> np.ndarray:
    """Enlarges the images about their centre by `factor`; below 1 it shrinks them."""
    factor = 1 / _per_image(images, factor)
    return _warp(images, (factor, 0.0, 0.0, factor))


def shear(images: np.ndarray, slope: Amount) -> np.ndarray:
    """Slants the images: a row moves right by `slope` pixels for each pixel above the centre."""
    return _warp(images, (1.0, _per_image(images, slope), 0.0, 1.0))


def thicken(images: np.ndarray, pixels: Amount) -> np.ndarray:
    """Makes strokes wider by `pixels` in total, or thinner for negative values."""
    growth = _per_image(images, pixels)[:, None, None]
    wider = ndimage.grey_dilation(images, size=(1, 3, 3)).astype(np.float32)
    thinner = ndimage.grey_erosion(images, size=(1, 3, 3)).astype(np.float32)
    # A 3×3 neighbourhood moves both edges of a stroke by one pixel, so a full change makes it two pixels wider.
    target = np.where(growth > 0, wider, thinner)
    share = np.minimum(np.abs(growth) / 2, 1)
    return _bytes(images + (target - images) * share)


def add_noise(images: np.ndarray, deviation: Amount, rng: np.random.Generator) -> np.ndarray:
    """Adds random noise to every pixel. Its standard deviation is `deviation` times full ink."""
    noise = rng.standard_normal(images.shape, np.float32) * _per_image(images, deviation)[:, None, None] * 255
    return _bytes(images + noise)


def blur(images: np.ndarray, sigma: Amount) -> np.ndarray:
    """Blurs the images with a Gaussian whose standard deviation is `sigma` pixels."""
    pairs = zip(images, _per_image(images, sigma), strict=True)
    return np.stack([ndimage.gaussian_filter(image, width) for image, width in pairs])


def cover(images: np.ndarray, side: Amount, rng: np.random.Generator) -> np.ndarray:
    """Covers a square of `side` pixels at a random place over the digit with paper."""
    side = _per_image(images, side)[:, None]
    corner = rng.uniform(4, 24, (2, len(images), 1)) - side / 2
    rows, columns = ((np.arange(SIDE) + 0.5 >= edge) & (np.arange(SIDE) + 0.5 < edge + side) for edge in corner)
    return np.where(rows[:, :, None] & columns[:, None, :], 0, images).astype(np.uint8)


@dataclass(frozen=True)
class Distortion:
    """A distortion for sliders and sweeps. `apply(images, strength, rng)` chooses a random amount for each image."""

    name: str
    label: str
    unit: str
    max_strength: float  # people can still read most digits
    apply: Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


def _random_signed(images: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(-strength, strength, len(images)).astype(np.float32)


DISTORTIONS: dict[str, Distortion] = {
    distortion.name: distortion
    for distortion in (
        Distortion("rotation", "Rotation", "°", 60, lambda x, s, rng: rotate(x, _random_signed(x, s, rng))),
        Distortion(
            "shift",
            "Shift",
            "px",
            8,
            lambda x, s, rng: shift(x, _random_signed(x, s, rng), _random_signed(x, s, rng)),
        ),
        Distortion("zoom", "Zoom", "×", 0.8, lambda x, s, rng: zoom(x, np.exp(_random_signed(x, np.log1p(s), rng)))),
        Distortion("shear", "Shear", "", 0.8, lambda x, s, rng: shear(x, _random_signed(x, s, rng))),
        Distortion("thickness", "Thickness", "px", 2, lambda x, s, rng: thicken(x, _random_signed(x, s, rng))),
        Distortion("noise", "Noise", "of full ink", 0.8, add_noise),
        Distortion("cover", "Cover", "px", 16, cover),
    )
}


def distort(images: np.ndarray, *, rng: np.random.Generator, **strengths: float) -> np.ndarray:
    """Distorts each image by random amounts up to `strengths`, named as in `DISTORTIONS`.

    Raises `ConfigError` for an unknown name or a strength below 0.
    """
    for name, strength in strengths.items():
        if name not in DISTORTIONS:
            raise ConfigError(
                f"A distortion must be one of {', '.join(DISTORTIONS)}. Choose one of them.", received=name
            )
        if not strength >= 0:
            raise ConfigError(f"The strength of {name} must be 0 or more. Use 0 for no change.", received=strength)
        if strength:
            images = DISTORTIONS[name].apply(images, strength, rng)
    return images


def augment_images(images: np.ndarray, labels: np.ndarray, config: RunConfig, rng: np.random.Generator) -> np.ndarray:
    """Training images for one epoch, redrawn as the knobs of `config` say: uint8, same shape."""
    if not config.redraws_images:
        return images
    return Redrawer(images, labels, config).draw_epoch(rng)


def _warp(images: np.ndarray, matrix: Matrix = _IDENTITY, right: Amount = 0.0, down: Amount = 0.0) -> np.ndarray:
    """Resamples each image: `matrix`, about the centre, maps a new pixel to its source. Then the image is moved."""
    amounts = [_per_image(images, value)[:, None, None] for value in (*matrix, right, down)]
    xx, xy, yx, yy, right, down = amounts
    middle = (SIDE - 1) / 2
    place = np.arange(SIDE, dtype=np.float32) - middle
    x, y = place[None, None, :] - right, place[None, :, None] - down
    return _interpolate(images, xx * x + xy * y + middle, yx * x + yy * y + middle)


def _interpolate(images: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The ink at (x, y), float (n, 28, 28) in pixels, interpolated between four pixels. Outside the image is paper."""
    wide = SIDE + 2
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1))).reshape(-1).astype(np.float32)
    x, y = np.clip(x + 1, 0, wide - 1.001), np.clip(y + 1, 0, wide - 1.001)
    left, top = x.astype(np.int32), y.astype(np.int32)
    across, below = x - left, y - top
    at = top * wide + left + (np.arange(len(images), dtype=np.int32) * wide * wide)[:, None, None]
    upper = padded[at] + (padded[at + 1] - padded[at]) * across
    lower = padded[at + wide] + (padded[at + wide + 1] - padded[at + wide]) * across
    return _bytes(upper + (lower - upper) * below)


def _per_image(images: np.ndarray, amount: Amount) -> np.ndarray:
    return np.broadcast_to(np.asarray(amount, np.float32), (len(images),))


def _bytes(ink: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(ink), 0, 255).astype(np.uint8)
