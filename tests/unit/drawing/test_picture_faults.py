"""A picture that cannot be read gets a reason and a way out."""

import numpy as np
import pytest
from scipy import ndimage

from core.drawing.picture_faults import describe_fault

HIGH, WIDE = 300, 400


def page() -> np.ndarray:
    """Light paper with twenty dark strokes."""
    grey = np.full((HIGH, WIDE), 200.0)
    grey[60:120, 20:380:18] = grey[60:120, 21:381:18] = 40
    return grey


def pattern() -> np.ndarray:
    grain = np.random.default_rng(1).normal(0, 1, (HIGH, WIDE))
    return np.clip(page() + 20 * grain, 0, 255)


def glare() -> np.ndarray:
    grey = page()
    grey[180:280, 200:350] = 255
    return grey


@pytest.mark.parametrize(
    ("picture", "word"),
    [
        (0.25 * page(), "too dark"),
        (glare(), "lamp"),
        (ndimage.gaussian_filter(page(), 6), "focus"),
        (pattern(), "pattern"),
        (page(), "print"),
    ],
    ids=["dark", "glare", "blurred", "pattern", "print"],
)
@pytest.mark.parametrize("coloured", [False, True])
def test_the_fault_of_a_picture_is_named(picture, word, coloured):
    grey = picture.astype(np.uint8)
    sentence = describe_fault(np.dstack([grey] * 3) if coloured else grey)
    assert word in sentence
    assert sentence.endswith(".")
