"""Several digits on the canvas for one: they are read as a number, and the page says so."""

from typing import Any

import numpy as np
import streamlit as st

from core.drawing import page_reading, segmentation, strokes
from core.drawing.page_reading import PageReading
from core.errors import DrawingError
from core.evaluation import digit_check
from core.formatting import count
from pages.parts.draw import canvas, reading
from pages.parts.draw.network_choice import NetworkChoice


def show(network: NetworkChoice, digit: np.ndarray, key: str, right: Any) -> bool:
    """Reads the canvas `key` as a number, if it holds one; returns whether it does. digit: all ink as one digit."""
    page = _read(network, digit, key)
    if page is None:
        return False
    number = "".join(network.names[digit] for digit in page.digits)
    with right, st.container(key="answer"):
        st.info(
            f"**{count(len(page.found), 'digit')} stand here**, so they are read as a number: **{number}**. Press "
            "Clear to draw one digit, or choose “A number” above for a wider canvas.",
            icon=":material/pin:",
        )
    picture = strokes.render(strokes.from_canvas(canvas.drawn(key)), canvas.SIDE, canvas.SIDE)[..., 0]
    reading.show(picture, page, network.names)
    return True


def _read(network: NetworkChoice, digit: np.ndarray, key: str) -> PageReading | None:
    """The number, if all ink together is hardly one digit, and there are several parts that are digits."""
    check = digit_check.shipped()
    if not network.run.reads_digits or check.check(digit).is_digit:
        return None
    reader = reading.Reader(network, waits=False)
    try:
        written = strokes.from_canvas(canvas.drawn(key))
        found = segmentation.find_digits_in_strokes(written, reader, (canvas.SIDE, canvas.SIDE))
    except DrawingError:
        return None
    doubts = check.doubts(np.stack([each.image for each in found]))
    are_digits = len(found) > 1 and bool((doubts <= check.threshold).all())
    return page_reading.judge(found, reader) if are_digits else None
