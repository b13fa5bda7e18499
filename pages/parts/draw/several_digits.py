"""Several digits on the canvas for one: they are read as a number, and the page says so."""

from typing import Any

import numpy as np
import streamlit as st

from core.drawing import page_reading, segmentation, strokes
from core.drawing.digit_region import FoundDigit
from core.errors import DrawingError
from core.evaluation import digit_check
from core.formatting import count
from pages.parts.draw import canvas, reading
from pages.parts.draw.network_choice import NetworkChoice


def show(network: NetworkChoice, digit: np.ndarray, key: str, right: Any) -> bool:
    """Reads the drawing as a number, if it is one. digit: all ink as one digit. key: of the canvas. Whether it did."""
    found = _find(network, digit, key)
    if not found:
        return False
    with right, st.container(key="answer"):
        st.info(
            f"**{count(len(found), 'digit')} stand here**, so they are read as a number, from left to right. Press "
            "Clear to draw one digit, or choose “A number” above for a wider canvas.",
            icon=":material/pin:",
        )
    picture = strokes.render(strokes.from_canvas(canvas.drawn(key)), canvas.SIDE, canvas.SIDE)[..., 0]
    reading.show(picture, page_reading.judge(found, reading.Reader(network, waits=False)), network.names)
    return True


def _find(network: NetworkChoice, digit: np.ndarray, key: str) -> list[FoundDigit]:
    """The digits on the canvas if there are at least two, and they look more like digits than all ink together."""
    if not network.run.reads_digits:
        return []
    check = digit_check.shipped()
    whole = check.check(digit)
    if whole.is_digit:
        return []
    try:
        written = strokes.from_canvas(canvas.drawn(key))
        found = segmentation.find_digits_in_strokes(
            written, reading.Reader(network, waits=False), (canvas.SIDE, canvas.SIDE)
        )
    except DrawingError:
        return []
    doubts = check.doubts(np.stack([each.image for each in found]))
    are_digits = bool((doubts <= check.threshold).all())
    return found if len(found) > 1 and are_digits else []
