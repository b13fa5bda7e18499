"""A digit on a 28×28 grid, pixel by pixel; the keyboard works too."""

import numpy as np
import streamlit as st

from core.drawing import normalise
from core.drawing.normalise import NormalisedDrawing
from core.errors import DrawingError
from pages.parts.draw import novelty_warning, one_digit, pixel_grid, step_pictures
from pages.parts.draw.network_choice import NetworkChoice, rerun_on_stroke

KEY = "draw_grid"


@rerun_on_stroke
def show(network: NetworkChoice) -> None:
    """Grid and prediction."""
    left, middle, right = st.columns([3, 2, 4], gap="large")
    with left:
        grid = pixel_grid.pixel_grid(key=KEY)
        with st.container(horizontal=True, gap="small"):
            empty = np.zeros_like(grid)
            st.button("Clear", icon=":material/delete:", key="grid-clear", on_click=pixel_grid.put, args=(KEY, empty))
            raw = st.toggle(
                "Use these exact pixels",
                help="On: the network gets these pixels unchanged. Off: they are brought into MNIST's form first.",
            )
        st.caption("Arrow keys move, Space sets a pixel, Shift with an arrow key draws. A mouse or a finger works too.")
    try:
        drawn = _drawn(grid, raw)
    except DrawingError as error:
        right.info(error.sentence, icon=":material/grid_on:")
        return
    one_digit.reply(network, drawn, novelty_warning.check_novelty(drawn.digit), middle, right)


def _drawn(grid: np.ndarray, raw: bool) -> NormalisedDrawing:
    found = normalise.normalise_ink(grid.astype(np.float32) / 255, step_pictures.options())
    return NormalisedDrawing(grid, [("Your exact pixels", grid)]) if raw else found
