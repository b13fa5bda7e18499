"""A number: several digits on a wide canvas."""

import streamlit as st

from core.drawing import segmentation, strokes
from core.errors import DrawingError
from pages.parts.draw import canvas, reading
from pages.parts.draw.network_choice import Chosen, stroke_by_stroke

KEY = "number"
WIDTH, HEIGHT = 840, 260


@stroke_by_stroke
def show(network: Chosen) -> None:
    """Canvas and reading; a stroke runs only this again."""
    st.html(_STYLE)
    rgba = canvas.canvas(key=KEY, width=WIDTH, height=HEIGHT)
    try:
        if rgba is None:
            raise DrawingError("Write a number from left to right, such as 2026. The digits may touch.")
        written = strokes.from_canvas(canvas.drawn(KEY))
        found = segmentation.find_digits_in_strokes(written, reading.digit_scorer(network))
    except DrawingError as error:
        st.info(str(error), icon=":material/draw:")
        return
    reading.show(network, rgba[..., 0], found)


# On a small screen the whole canvas is made smaller: its right end could not be reached there. Fingers land where they
# seem to, for the browser scales what they touch, too.
_STYLE = (
    "<style>"
    + "".join(
        f"""@media (max-width: {screen}px) {{
        .st-key-{KEY}-canvas > .stElementContainer {{
            width: {WIDTH}px; max-width: none; transform: scale({scale}); transform-origin: 0 0;
            margin-bottom: {(scale - 1) * HEIGHT:.0f}px
        }}
    }}"""
        for screen, scale in ((950, 0.7), (640, 0.39))
    )
    + "</style>"
)
