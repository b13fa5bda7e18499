"""A photograph or a scan → ink: even light, dark on light, without ruled lines, frames and dark objects."""

import numpy as np
from PIL import Image
from scipy import ndimage

from core.drawing import mnist_form
from core.drawing.paper import find_darkness
from core.drawing.picture_file import MAX_BYTES as MAX_BYTES
from core.drawing.picture_file import read as read
from core.drawing.pieces import find_pieces
from core.drawing.ruling import remove_ruling
from core.drawing.stray_ink import remove_stray_ink
from core.errors import DrawingError

_SMALL = 400  # pixels of the longer side: smaller pictures are enlarged first
_SHARE_OF_NEARBY = 0.35  # of the darkest ink nearby: what is lighter is its rim
_NEARBY = 0.012  # of the longer side
_MIN_PEAK = 0.15  # darkness that a piece of ink reaches somewhere
_MIN_SHARE_OF_DARKEST = 0.2  # of the darkest ink of the picture: lighter pieces shine through from the other side


def extract_photo_ink(picture: np.ndarray) -> np.ndarray:
    """How much ink each pixel holds, float32 (h, w) in [0, 1], in any light, dark on light or light on dark.

    picture: uint8 (h, w) or (h, w, 3); one that has MNIST's form stays as it is. Raises `DrawingError` if there is only
    paper.
    """
    if (ink := mnist_form.find_ink(picture)) is not None:
        return ink
    enlarged = _enlarge(picture)
    darkness = remove_ruling(find_darkness(enlarged))
    near = 2 * round(_NEARBY * max(darkness.shape)) + 5
    darkest_near = ndimage.maximum_filter(darkness, near)
    mask = _without_faint_pieces(darkness, (darkness > 0) & (darkness > _SHARE_OF_NEARBY * darkest_near))
    mask = remove_stray_ink(mask)
    if mask.sum() < 12:
        raise DrawingError("There is no ink to read in this picture. Write with a dark pen on light paper.")
    ink = _ink(darkness, mask)
    if ink.shape == picture.shape[:2]:
        return ink
    return np.asarray(Image.fromarray(ink).resize(picture.shape[1::-1], Image.Resampling.BOX))


def _enlarge(picture: np.ndarray) -> np.ndarray:
    """A small picture several times as large: the steps that follow count in whole pixels."""
    times = min(10, _SMALL // max(picture.shape[:2]))
    if times < 2:
        return picture
    size = picture.shape[1] * times, picture.shape[0] * times
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))


def _without_faint_pieces(darkness: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Removes grain, soft shadows and what shines through: no pixel of theirs is dark."""
    pieces = find_pieces(mask)
    if not len(pieces.areas):
        return mask
    peaks = np.asarray(ndimage.maximum(darkness, pieces.labels, np.arange(1, len(pieces.areas) + 1)))
    large = pieces.areas >= 12
    darkest = np.quantile(np.repeat(peaks[large], pieces.areas[large]), 0.8) if large.any() else 0
    kept = (pieces.areas >= 4) & (peaks > max(_MIN_PEAK, _MIN_SHARE_OF_DARKEST * darkest))
    clean: np.ndarray = np.concatenate([[False], kept])[pieces.labels]
    return clean


def _ink(darkness: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Each piece with its own full ink, so that pencil counts as much as a pen, and with its grey rim."""
    pieces = find_pieces(mask)
    full = np.zeros(len(pieces.areas) + 1, np.float32)
    for at in range(len(pieces.areas)):
        box, own = pieces.cut_out(at)
        full[at + 1] = np.percentile(darkness[box][own], 70)
    rim = ndimage.grey_dilation(pieces.labels, size=(3, 3))  # of two pieces that meet, either
    owner = np.where(pieces.labels > 0, pieces.labels, rim)
    ink = np.where(owner > 0, darkness / np.maximum(full[owner], 1e-3), 0)
    # Outside a piece only its rim remains; a line that was removed leaves none.
    return np.clip(ink, 0, 1).astype(np.float32)
