"""What is wrong with a photograph that cannot be read, and what to do."""

import numpy as np
from scipy import ndimage

_DARK = 70  # grey values: paper that is darker is too dark
_WHITE, _GLARE_SHARE, _GLARE_STEP = 250, 0.02, 40  # grey values; of the picture; how much brighter than the paper
_SHARP = 0.12  # of the contrast: how much a sharp picture changes from one pixel to the next somewhere
_PATTERN = 4.0  # grey values: paper without a pattern changes less from one pixel to the next but one


def describe_fault(picture: np.ndarray) -> str:
    """Why `picture`, uint8 (h, w) or (h, w, 3), cannot be read, and the way out: one or two sentences."""
    grey = picture if picture.ndim == 2 else picture.mean(2)
    light = ndimage.uniform_filter(grey.astype(np.float32), 3)
    low, paper, high = np.percentile(light, [0.5, 60, 99.5])
    if high < _DARK:
        return "The picture is too dark. Take it in brighter, even light."
    if (light > _WHITE).mean() > _GLARE_SHARE and paper < _WHITE - _GLARE_STEP:
        return "A part of the picture is white with light. Turn the page away from the lamp and take the picture again."
    changes = np.abs(light[:, 2:] - light[:, :-2])
    if np.percentile(changes, 99.9) < 2 * _SHARP * max(high - low, 1):
        return "The picture is out of focus. Hold the camera still and let it focus on the digits."
    if np.median(changes) > _PATTERN:
        return (
            "The background has a pattern or a grain, as wood, cloth and printed paper have. Write on plain paper, and "
            "crop the picture to it."
        )
    return "It shows more than digits, for example print, a drawing or shadows."
