"""How much darker than the paper around it each pixel of a picture is, in any light and with any colour of ink."""

import numpy as np
from scipy import ndimage

from core.drawing.off_paper import find_off_paper

MIN_DARKNESS = 0.1  # of the paper's brightness: what differs less is not ink
_COARSE_SIDE = 300  # pixels of the longer side at which the paper is estimated
_WIDEST_STROKE = 0.17  # of the longer side: what is darker and narrower than that is not paper
_EVEN_DEVIATION, _EVEN_SHARE = 10, 0.95  # grey values; the share of the picture's edge that is nearer its median
_COLOUR_PENALTY = 0.05  # a single colour is noisier than all three together
_NOISE_FACTOR = 4.0


def find_darkness(picture: np.ndarray) -> np.ndarray:
    """Of `picture`, uint8 (h, w) or (h, w, 3): float32 (h, w) in [0, 1], 0 where it is paper.

    Light ink on dark paper counts as dark ink on light paper.
    """
    colours = picture if picture.ndim == 3 else picture[..., None]
    grey = colours.mean(2)
    if _is_light_on_dark(grey):
        colours, grey = 255 - colours, 255 - grey
    is_grey = colours.shape[2] == 1
    layers = grey[..., None] if is_grey else np.dstack([grey, colours]).astype(np.float32)
    papers = np.dstack([_estimate_paper(layers[..., at]) for at in range(layers.shape[2])])
    darker = (papers - layers) / np.maximum(papers, 32)
    darkness = darker[..., 0] if is_grey else np.maximum(darker[..., 0], darker[..., 1:].max(2) - _COLOUR_PENALTY)
    darkness = np.clip(darkness, 0, 1).astype(np.float32)
    paper = papers[..., 0]
    lowest = np.maximum(MIN_DARKNESS, _NOISE_FACTOR * _local_noise(grey) / np.maximum(paper, 32))
    lowest = np.where(find_off_paper(colours), 1, lowest)
    return np.where(darkness > lowest, darkness, 0).astype(np.float32)


def _is_light_on_dark(grey: np.ndarray) -> bool:
    """Ink is rarer than paper, so it contrasts more with its surroundings."""
    step = max(1, max(grey.shape) // _COARSE_SIDE)
    light = grey[::step, ::step].astype(np.float32)  # enough to decide
    edge = _edge(light)
    middle = float(np.median(edge))
    if (np.abs(edge - middle) < _EVEN_DEVIATION).mean() > _EVEN_SHARE:  # one paper all around
        return bool(np.abs(np.minimum(light - middle, 0)).sum() < np.maximum(light - middle, 0).sum())
    away = light - ndimage.gaussian_filter(light, max(light.shape) / 12)
    return bool((away**3).mean() > 0)


def _estimate_paper(light: np.ndarray) -> np.ndarray:
    """The brightness of the paper everywhere, also under the ink: float32 (h, w)."""
    middle = float(np.median(_edge(light)))
    if (np.abs(_edge(light) - middle) < _EVEN_DEVIATION).mean() > _EVEN_SHARE and _is_even(light, middle):
        return np.full(light.shape, middle, np.float32)
    step = max(1, round(max(light.shape) / _COARSE_SIDE))
    high, wide = (side // step * step for side in light.shape)
    small = light[:high, :wide].reshape(high // step, step, wide // step, step).mean((1, 3))
    width = 2 * int(_WIDEST_STROKE * max(small.shape) / 2) + 1
    # Wider than a stroke. Beyond the edge the paper goes on as it is there: a dark corner is no ink.
    closed = ndimage.grey_closing(np.pad(small, width, mode="edge"), size=(width, width))[width:-width, width:-width]
    # The edge of a shadow may cross a cell: the darker paper counts.
    closed = ndimage.minimum_filter(closed, 3, mode="nearest")
    return _resample(closed, light.shape, step)


def _is_even(light: np.ndarray, paper: float) -> bool:
    """Whether a picture is paper of one brightness and ink: hardly any pixel is brighter, or a bit darker."""
    step = max(1, max(light.shape) // _COARSE_SIDE)
    difference = light[::step, ::step] - paper
    ink = (difference < -0.3 * paper).sum()
    between = ((difference < -2 * _EVEN_DEVIATION) & (difference >= -0.3 * paper)).sum()
    return bool((difference > 2 * _EVEN_DEVIATION).mean() < 0.01 and between <= 0.5 * ink + 0.01 * difference.size)


def _resample(cells: np.ndarray, shape: tuple[int, ...], step: int) -> np.ndarray:
    """The value of square cells of `step` pixels at each pixel: float32 of `shape`."""
    rows, columns = (
        np.clip((np.arange(side) + 0.5) / step - 0.5, 0, count - 1)
        for side, count in zip(shape, cells.shape, strict=True)
    )
    return _stretch(_stretch(cells.astype(np.float32), rows, 0), columns, 1)


def _stretch(values: np.ndarray, places: np.ndarray, axis: int) -> np.ndarray:
    """Linear interpolation of `values` at `places` along one axis."""
    low = places.astype(np.int64)
    share = (places - low).astype(np.float32)
    share = share[:, None] if axis == 0 else share
    high = np.minimum(low + 1, values.shape[axis] - 1)
    stretched: np.ndarray = values.take(low, axis) * (1 - share) + values.take(high, axis) * share
    return stretched


def _edge(light: np.ndarray) -> np.ndarray:
    return np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]]).astype(np.float32)


def _local_noise(grey: np.ndarray) -> np.ndarray:
    """The grain of the paper around each pixel, as a standard deviation in grey values: float32 (h, w)."""
    step = max(4, max(grey.shape) // 100)
    high, wide = (max(1, side // step) * step for side in grey.shape)
    changes = np.abs(np.diff(grey.astype(np.float32), axis=1, prepend=grey[:, :1]))[:high, :wide]
    if min(grey.shape) < 4 * step:
        return np.full(grey.shape, 1.05 * np.median(changes), np.float32)
    cells = changes.reshape(high // step, step, wide // step, step).mean((1, 3))
    calm = ndimage.percentile_filter(cells, 40, size=5, mode="nearest")  # cells without ink
    return _resample(0.89 * calm, grey.shape, step)
