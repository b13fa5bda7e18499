"""Pictures that have MNIST's form already: 28×28 pixels, with the ink as large and as central as in MNIST.

They are read as they are. Each change would only blur them.
"""

import numpy as np
from scipy import ndimage

from core.digits import SIDE

_LEAST_INK, _MOST_PAPER = 0.6, 0.1  # of full ink: the darkest pixel, and most pixels of the edge
_SIZES = 16, 22  # pixels that the longer side of the ink takes; 20 with rare exceptions
_INK = 0.1  # of full ink: fainter pixels do not count for the size
_OFF_CENTRE = 1.5  # pixels between the centre of mass and the middle


def find_ink(picture: np.ndarray) -> np.ndarray | None:
    """The ink of a grey picture in MNIST's form, float32 (28, 28) in [0, 1]; None for any other picture.

    picture: uint8 (h, w) or (h, w, 3), light on dark or dark on light.
    """
    if picture.shape[:2] != (SIDE, SIDE) or (picture.ndim == 3 and np.ptp(picture, axis=2).any()):
        return None
    grey = (picture if picture.ndim == 2 else picture[..., 0]).astype(np.float32) / 255
    return next((ink for ink in (grey, 1 - grey) if has_form(ink)), None)


def has_form(ink: np.ndarray) -> bool:
    """Whether `ink`, float32 (h, w) in [0, 1], looks like an image of MNIST."""
    if ink.shape != (SIDE, SIDE) or ink.max() < _LEAST_INK:
        return False
    edge = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    rows, columns = np.nonzero(ink > _INK)
    size = max(np.ptp(rows), np.ptp(columns)) + 1
    off = np.abs(np.array(ndimage.center_of_mass(ink)) + 0.5 - SIDE / 2).max()
    return bool(np.median(edge) <= _MOST_PAPER and _SIZES[0] <= size <= _SIZES[1] and off <= _OFF_CENTRE)
