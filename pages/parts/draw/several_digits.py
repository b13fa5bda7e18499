"""Several digits on the canvas for one: they are read as a number, and the page says so."""

from typing import Any

import streamlit as st

from core.drawing import page_reading, segmentation, strokes
from core.drawing.novelty import NoveltyResult
from core.drawing.page_reading import PageReading
from core.errors import DrawingError
from core.formatting import count
from pages.parts.draw import canvas, reading
from pages.parts.draw.network_choice import NetworkChoice


def show(network: NetworkChoice, verdict: NoveltyResult | None, key: str, right: Any) -> bool:
    """Reads the canvas `key` as a number, if it holds one; returns whether it does. verdict: on all ink together."""
    page = _read(network, verdict, key)
    if page is None:
        return False
    with right, st.container(key="answer"):
        st.info(
            f"**{count(len(page.found), 'digit')} stand here**, so they are read as a number, from left to right. "
            "Press Clear to draw one digit, or choose “A number” above for a wider canvas.",
            icon=":material/pin:",
        )
    picture = strokes.render(strokes.from_canvas(canvas.drawn(key)), canvas.SIDE, canvas.SIDE)[..., 0]
    reading.show(picture, page, network.names)
    return True


def _read(network: NetworkChoice, verdict: NoveltyResult | None, key: str) -> PageReading | None:
    """The number, if all ink together is hardly one digit, and there are several parts that are digits."""
    if not (network.run.reads_digits and verdict and verdict.is_novel):
        return None
    reader = reading.Reader(network, waits=False)
    try:
        written = strokes.from_canvas(canvas.drawn(key))
        found = segmentation.find_digits_in_strokes(written, reader, (canvas.SIDE, canvas.SIDE))
    except DrawingError:
        return None
    page = page_reading.judge(found, reader)
    return page if len(found) > 1 and page.are_digits.all() else None
