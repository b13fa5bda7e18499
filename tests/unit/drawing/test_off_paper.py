"""What lies around the paper is found, and a shadow counts as paper."""

import numpy as np
import pytest

from core.drawing.off_paper import find_off_paper

HIGH, WIDE = 400, 600


def paper() -> np.ndarray:
    """Light paper with a bit of grain: uint8 (h, w, 3)."""
    grain = np.random.default_rng(1).normal(0, 2, (HIGH, WIDE, 1))
    return np.clip(np.array([235, 233, 226]) + grain, 0, 255).astype(np.uint8)


def wood(shape: tuple[int, int], light: float = 1.0) -> np.ndarray:
    """Brown, with lines along it."""
    lines = np.random.default_rng(2).normal(0, 12, (shape[0], 1, 1)) + np.zeros((*shape, 1))
    return np.clip(light * (np.array([120, 90, 60]) + lines), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("wide", [15, 60, 250])
def test_a_wooden_table_beside_the_page_is_not_paper(wide):
    picture = paper()
    picture[:, :wide] = wood((HIGH, wide))
    off = find_off_paper(picture)
    assert off[:, :wide].mean() > 0.95
    assert off[:, wide + 12 :].mean() < 0.01


def test_a_small_page_on_a_large_table_stays():
    picture = wood((HIGH, WIDE))
    picture[100:300, 150:450] = paper()[100:300, 150:450]
    off = find_off_paper(picture)
    assert off[:80].all()
    assert off[-80:].all()
    assert not off[120:280, 170:430].any()


def test_a_grey_picture_of_a_cloth_is_found_by_its_grain():
    grey = paper().mean(2).astype(np.uint8)
    grey[300:] = np.clip(np.random.default_rng(3).normal(120, 25, (100, WIDE)), 0, 255)
    off = find_off_paper(grey)
    assert off[304:].mean() > 0.95
    assert not off[:280].any()


def test_a_shadow_with_a_sharp_edge_is_paper():
    y, x = np.mgrid[:HIGH, :WIDE]
    light = np.where(x + 0.4 * y > 350, 0.5, 1.0)[..., None]
    assert not find_off_paper((paper() * light).astype(np.uint8)).any()


def test_dark_corners_and_ink_are_paper():
    y, x = np.mgrid[:HIGH, :WIDE]
    light = 1 - 0.6 * ((x / WIDE - 0.5) ** 2 + (y / HIGH - 0.5) ** 2) / 0.5
    picture = (paper() * light[..., None]).astype(np.uint8)
    picture[150:250, 200:212] = (30, 40, 150)
    picture[0:60, 300:312] = (30, 40, 150)  # cut off by the picture's edge
    assert not find_off_paper(picture).any()


def test_a_tiny_picture_is_paper():
    assert not find_off_paper(np.zeros((8, 12), np.uint8)).any()
