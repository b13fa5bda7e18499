"""The active pixels: the only ones that training needs.

67 of MNIST's 784 pixels are 0 in each of the 60,000 training images. A weight whose input is always 0 has
gradient 0, and no optimiser without decay moves it. Leaving it out changes a run only by rounding.
"""

import keras
import numpy as np

from core.digits import SIDE

BLOCK = 16  # products are computed in blocks of this size


def find_active_pixels(images: np.ndarray) -> np.ndarray:
    """The pixels that are not 0 in all of `images`, uint8 (n, 28, 28), as sorted positions in a flattened image: int32.

    Some other pixels are added, so that their number is a multiple of 16.
    """
    is_active = np.bitwise_or.reduce(images, axis=0).ravel() > 0
    blocks = max(1, -(-is_active.sum() // BLOCK))
    count = min(blocks * BLOCK, is_active.size)
    return np.sort(np.argsort(~is_active, kind="stable")[:count]).astype(np.int32)


def pixels_to_train(model: keras.Sequential, images: np.ndarray | None) -> np.ndarray:
    """The pixels that it is enough to train `model` on, as `find_active_pixels` gives them.

    These are all pixels if a pixel of 0 is not 0 for the first layer, if weights decay without a gradient, or if
    no images are given because they are redrawn for each epoch.
    """
    match model.layers:
        case [keras.layers.Rescaling(offset=0), keras.layers.Flatten(), keras.layers.Dense(), *_]:
            if images is not None and not model.optimizer.weight_decay:
                return find_active_pixels(images)
    return np.arange(SIDE * SIDE, dtype=np.int32)
