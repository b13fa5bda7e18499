"""What a photograph shows beside paper and ink: the table below, things that lie there, uneven light."""

import numpy as np
from scipy import ndimage

from tests.drawn_page import Page


def table(page: Page) -> None:
    """The page ends; a dark table begins."""
    wide, high = page.size
    x, y = np.meshgrid(np.arange(wide), np.arange(high))
    table = np.zeros((high, wide), bool)
    for _ in range(int(page.rng.integers(1, 4))):
        edge, tilt = page.rng.uniform(0.01, 0.09), page.rng.uniform(-0.03, 0.03)
        sides = (x < edge * 0.4 * wide + tilt * 0.3 * y, y < edge * high + tilt * x,
                 y > (1 - edge) * high + tilt * x)  # fmt: skip
        table |= sides[int(page.rng.integers(3))]
    grain = ndimage.gaussian_filter(page.rng.normal(0, 1, (high, wide)), (1, 12))
    wood = np.array(page.rng.uniform(0.12, 0.4)) * (1 + 0.6 * grain / grain.std() * 0.3)
    page.seen = np.where(table[..., None], np.clip(wood, 0, 1)[..., None] * [1.0, 0.8, 0.6], page.seen)


def thing(page: Page) -> None:
    """A thumb at the edge, an eraser or a coin on the page."""
    wide, high = page.size
    y, x = np.mgrid[:high, :wide]
    kind = page.rng.integers(3)
    if kind == 0:
        thumb = ((x - page.rng.uniform(0.1, 0.9) * wide) / 60) ** 2 + ((y - high) / (0.16 * high)) ** 2 < 1
        mask, colour = thumb, (0.72, 0.52, 0.42)
    elif kind == 1:
        left = page.rng.uniform(0, 0.8) * wide
        mask, colour = (abs(x - left - 70) < 60) & (y > 0.82 * high) & (y < 0.97 * high), (0.2, 0.2, 0.22)
    else:
        mask = (x - page.rng.uniform(0.1, 0.9) * wide) ** 2 + (y - 0.11 * high) ** 2 < (0.09 * high) ** 2
        colour = (0.45, 0.38, 0.25)
    soft = ndimage.gaussian_filter(mask.astype(float), 1.5)[..., None]
    page.seen = page.seen * (1 - soft) + np.array(colour) * soft


def vignette(page: Page) -> None:
    wide, high = page.size
    y, x = np.mgrid[:high, :wide]
    away = ((x / wide - 0.5) ** 2 + (y / high - 0.5) ** 2) / 0.5
    page.seen = page.seen * (page.rng.uniform(0.6, 0.95) * (1 - page.rng.uniform(0.3, 0.6) * away))[..., None]


def shadow(page: Page) -> None:
    """A shadow with a sharp edge, at any angle."""
    wide, high = page.size
    y, x = np.mgrid[:high, :wide]
    angle = page.rng.uniform(0, 2 * np.pi)
    side = (x - wide * page.rng.uniform(0.3, 0.7)) * np.cos(angle) + (y - high * page.rng.uniform(0.3, 0.7)) * np.sin(
        angle
    )
    light = 1 - page.rng.uniform(0.3, 0.55) / (1 + np.exp(-np.clip(side / page.rng.uniform(0.5, 3), -50, 50)))
    page.seen = page.seen * light[..., None]


def uneven(page: Page) -> None:
    page.seen = page.seen * np.linspace(1, page.rng.uniform(0.35, 0.7), page.size[0])[:, None]


def chalk(page: Page) -> None:
    page.seen = 0.15 + 0.75 * (1 - page.seen)
