"""A number: several digits on a wide canvas."""

import streamlit as st

from core.drawing import page_reading, segmentation, strokes
from core.errors import DrawingError
from pages.parts.draw import canvas, reading
from pages.parts.draw.network_choice import NetworkChoice, rerun_on_stroke

KEY = "number"
WIDTH, HEIGHT = 840, 260


@rerun_on_stroke
def show(network: NetworkChoice) -> None:
    """Canvas and prediction; a stroke reruns only this."""
    rgba = canvas.canvas(key=KEY, width=WIDTH, height=HEIGHT, widest=WIDTH)
    try:
        if rgba is None:
            raise DrawingError("Write a number from left to right, such as 2026. The digits may touch.")
        written = strokes.from_canvas(canvas.drawn(KEY))
        reader = reading.Reader(network, waits=False)
        found = segmentation.find_digits_in_strokes(written, reader, (HEIGHT, WIDTH))
    except DrawingError as error:
        st.info(error.sentence, icon=":material/draw:")
        return
    reading.show(rgba[..., 0], page_reading.judge(found, reader), network.names)
