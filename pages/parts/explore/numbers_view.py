"""Explore's view of one digit as numbers: all pixel values, one row, and how often each value occurs."""

import numpy as np
import streamlit as st

from core.data.mnist import Mnist
from core.digits import SIDE
from core.lesson.arithmetic import normalise
from pages.parts.explore.state import Choice, Opened


def show(data: Mnist, choice: Choice, here: Opened) -> None:
    """All 784 values of the open digit."""
    image = data.split(here.split).images[here.index]
    st.markdown("The image as the computer stores it: 28 rows of 28 whole numbers. 0 is paper, 255 is ink.")
    with st.container(key="explore_table"):
        st.code(as_table(image), language=None)
    st.html(_STYLE)
    row = st.slider("Row", 0, SIDE - 1, 10, key="explore_row", persist_state="session")
    st.code(f"image[{row}] = {' '.join(map(str, image[row]))}", language=None, wrap_lines=True)
    _values(image)


def as_table(image: np.ndarray) -> str:
    """The 28 × 28 values, three characters each, as the tutorials print them."""
    return "\n".join(" ".join(f"{value:3d}" for value in row) for row in image)


def _values(image: np.ndarray) -> None:
    values, counts = np.unique(image, return_counts=True)
    st.markdown(
        f"This digit has **{len(values)}** different values; {counts[0] if values[0] == 0 else 0} of its 784 pixels "
        "are paper. Dividing by 255 changes each value, but not how often it occurs:"
    )
    st.dataframe(
        {"value": values, "divided by 255": normalise(values), "pixels": counts},
        hide_index=True,
        height=260,
        column_config={
            "value": st.column_config.NumberColumn("value (uint8)"),
            "divided by 255": st.column_config.NumberColumn("divided by 255 (float32)", format="%.4f"),
            "pixels": st.column_config.ProgressColumn("pixels", format="%d", min_value=0, max_value=SIDE * SIDE),
        },
    )


_STYLE = "<style>.st-key-explore_table code {font-size: .66rem; line-height: 1.5}</style>"
