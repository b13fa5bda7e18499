"""Where a picture shows no paper but what lies around it: a table, a cloth, a floor.

A shadow makes paper darker, but it changes neither its colour nor how rough it is. What begins at a sharp edge, is
darker and has another colour or a grain is not paper.
"""

import numpy as np
from scipy import ndimage

_CELLS = 300  # along the longer side
_STROKES = 11  # cells: dark things that are narrower are ink
_STEP = 0.18  # of the brightness: a change from cell to cell that is an edge
_DARKER = 0.85  # of the paper's brightness: what is brighter is paper too
_DARK = 0.36  # of the paper's brightness: darker than a dark corner
_OTHER_COLOUR = 0.15  # by how much the shares of red and blue differ from the paper's
_ROUGHER, _GRAIN = 2.0, 2.5  # times as rough as the paper, and grey values more
_MIN_CONTACT = 0.15  # of the longer side: how long it goes along the edge of the picture
_MIN_SIZE = 0.002  # of the picture: smaller areas tell nothing
_MARGIN = 3  # cells around it, in which the edge of the paper is


def find_off_paper(picture: np.ndarray) -> np.ndarray:
    """Where something else than paper is seen: bool (h, w).

    picture: uint8 (h, w) or (h, w, 3), dark ink on light paper.
    """
    step = max(1, round(max(picture.shape[:2]) / _CELLS))
    if min(picture.shape[:2]) < 20 * step:
        return np.zeros(picture.shape[:2], bool)
    colours = picture if picture.ndim == 3 else picture[..., None]
    cells = _means(colours.astype(np.float32), step)
    light = cells.mean(2)
    paper_light = ndimage.grey_closing(light, size=(_STROKES, _STROKES), mode="nearest")
    labels, count = ndimage.label(~_has_edge(paper_light))
    if count < 2:
        return np.zeros(picture.shape[:2], bool)
    long, short = _off_areas(labels, paper_light, cells, _means(_roughness(colours), step)[..., 0])
    if not long.any():
        return np.zeros(picture.shape[:2], bool)
    # The edges beside it belong to it, and so do shorter areas next to it.
    around = ndimage.binary_dilation(long | short, np.ones((3, 3)), iterations=_MARGIN)
    parts, _ = ndimage.label(around)
    around = np.isin(parts, np.unique(parts[long]))
    whole = np.repeat(np.repeat(around, step, 0), step, 1)
    missing = [(0, side - own) for side, own in zip(picture.shape[:2], whole.shape, strict=True)]
    return np.pad(whole, missing, mode="edge")


def _off_areas(
    labels: np.ndarray, light: np.ndarray, cells: np.ndarray, rough: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which cells are off the paper, in areas that go along the edge of the picture for long, and for short: bool.

    labels: number of the area of each cell, 0 on an edge. cells: (h, w, colours). rough: of each cell.
    """
    numbers = np.arange(1, int(labels.max()) + 1)
    sizes = np.bincount(labels.ravel(), minlength=len(numbers) + 1)[1:]
    bright = np.asarray(ndimage.mean(light, labels, numbers))
    paper = int(np.argmax(sizes * bright**2))
    calm = ndimage.percentile_filter(rough, 40, size=5, mode="nearest")  # cells without ink
    roughness = np.array([_median(calm, labels == number) if size > 4 else 0 for number, size in zip(
        numbers, sizes, strict=True)])  # fmt: skip
    hues = np.stack([np.asarray(ndimage.mean(share, labels, numbers)) for share in _shares(cells)], axis=1)
    contact = np.max([np.bincount(side, minlength=len(numbers) + 1)[1:] for side in (
        labels[0], labels[-1], labels[:, 0], labels[:, -1])], axis=0)  # fmt: skip
    other = (np.abs(hues - hues[paper]) > _OTHER_COLOUR).any(1)
    other |= roughness > _ROUGHER * roughness[paper] + _GRAIN
    other |= bright < _DARK * bright[paper]
    off = other & (bright < _DARKER * bright[paper]) & (contact > 0)
    long = off & (contact > _MIN_CONTACT * max(labels.shape)) & (sizes > _MIN_SIZE * labels.size)
    return np.concatenate([[False], long])[labels], np.concatenate([[False], off & ~long])[labels]


def _median(values: np.ndarray, where: np.ndarray) -> float:
    return float(np.median(values[where]))


def _shares(cells: np.ndarray) -> list[np.ndarray]:
    """Red and blue, each as a share of green; of a grey picture nothing differs."""
    if cells.shape[2] == 1:
        return [np.ones(cells.shape[:2])]
    green = np.maximum(cells[..., 1], 8)
    return [cells[..., 0] / green, cells[..., 2] / green]


def _has_edge(light: np.ndarray) -> np.ndarray:
    """Where the brightness changes from a cell to the next but one as it does at the edge of a thing: bool."""
    smooth = np.maximum(light, 16)
    edge = np.zeros(light.shape, bool)
    for axis in (0, 1):
        near = np.log(smooth)
        change = np.abs(np.roll(near, -1, axis) - np.roll(near, 1, axis)) > _STEP
        change[(0, -1), :] &= axis == 1
        change[:, (0, -1)] &= axis == 0
        edge |= change
    return edge


def _roughness(colours: np.ndarray) -> np.ndarray:
    """How much each pixel differs from the next ones, float32 (h, w, 1), in grey values."""
    grey = colours.mean(2, dtype=np.float32)
    across = np.abs(np.diff(grey, axis=1, prepend=grey[:, :1]))
    down = np.abs(np.diff(grey, axis=0, prepend=grey[:1]))
    rough: np.ndarray = np.maximum(across, down)[..., None]
    return rough


def _means(values: np.ndarray, step: int) -> np.ndarray:
    """The mean of each cell of `step` × `step` pixels."""
    high, wide = (side // step for side in values.shape[:2])
    cut = values[: high * step, : wide * step]
    means: np.ndarray = cut.reshape(high, step, wide, step, -1).mean((1, 3))
    return means
