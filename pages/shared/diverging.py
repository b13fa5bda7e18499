"""Signed numbers as pictures: red is positive, blue is negative, 0 has the colour of the page."""

import numpy as np
import streamlit as st

from pages.shared.palette import NEGATIVE, POSITIVE

_LIGHT, _DARK = (246, 247, 250), (24, 27, 36)


def picture(values: np.ndarray, scale: float | None = None) -> np.ndarray:
    """float (…, h, w) → uint8 (…, h, w, 3). scale: the value with the full colour, by default the largest."""
    scale = scale or float(np.abs(values).max()) or 1.0
    share = np.clip(np.abs(values) / scale, 0, 1)[..., None]
    colours = np.where((values > 0)[..., None], POSITIVE, NEGATIVE)
    neutral = np.array(_DARK if st.context.theme.type == "dark" else _LIGHT)
    return (share * colours + (1 - share) * neutral).astype(np.uint8)


def tiles(pictures: np.ndarray, across: int) -> np.ndarray:
    """Coloured pictures side by side with a gap of one pixel: uint8 (n, h, w, 3) → (rows · (h + 1), across · (w + 1), 3)."""
    n, height, width, _ = pictures.shape
    across = min(across, n)
    rows = -(-n // across)
    neutral = np.array(_DARK if st.context.theme.type == "dark" else _LIGHT, np.uint8)
    padded = np.tile(neutral, (rows * across, height + 1, width + 1, 1))
    padded[:n, :height, :width] = pictures
    return (
        padded.reshape(rows, across, height + 1, width + 1, 3)
        .swapaxes(1, 2)
        .reshape(rows * (height + 1), across * (width + 1), 3)[:-1, :-1]
    )
