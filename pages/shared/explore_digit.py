"""Explore's closer look: one digit large, with its numbers."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.mnist import Mnist
from pages.shared.explore_state import SPLITS, Opened, open_digit, split_of


def show(data: Mnist, here: Opened) -> None:
    """The digit that is open, large, with every value on hover."""
    digits = split_of(data, here.split)
    image, label = digits.images[here.index], int(digits.labels[here.index])
    st.subheader(f"{SPLITS[here.split]} digit {here.index:,}: a {label}", anchor=False)
    _steps(here, len(digits))
    st.plotly_chart(large(image), key="explore_large", alt=f"A handwritten {label}, 28 by 28 pixels", config=_PLAIN)


def _steps(here: Opened, n: int) -> None:
    st.session_state["explore_index"] = here.index
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.number_input(
            "Index",
            0,
            n - 1,
            key="explore_index",
            on_change=lambda: open_digit(here.split, st.session_state["explore_index"]),
            width=170,
        )
        st.page_link(
            "pages/draw.py",
            label="Send to Draw",
            icon=":material/draw:",
            query_params={"send": f"{here.split}:{here.index}"},
        )


_PLAIN = {"displayModeBar": False, "scrollZoom": False}


def large(image: np.ndarray) -> go.Figure:
    """The image with a colour bar; hovering tells row, column and value."""
    picture = go.Heatmap(
        z=image,
        zmin=0,
        zmax=255,
        colorscale="gray",
        xgap=0.5,
        ygap=0.5,
        colorbar={"thickness": 12, "tickvals": [0, 64, 128, 192, 255]},
        hovertemplate="row %{y}, column %{x}<br><b>%{z}</b><extra></extra>",
    )
    figure = go.Figure(picture)
    axis = {"showgrid": False, "zeroline": False, "tickvals": [0, 5, 10, 15, 20, 25], "fixedrange": True}
    figure.update_xaxes(**axis, constrain="domain", side="top")
    figure.update_yaxes(**axis, autorange="reversed", scaleanchor="x", constrain="domain")
    figure.update_layout(height=380, margin={"l": 24, "r": 0, "t": 24, "b": 8})
    return figure
