"""Explore's means: mean image and standard deviation of each digit, the difference of two, and the ink by pixel."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.data.class_names import DIGITS, Names
from core.data.mnist import Mnist
from core.digits import NUM_CLASSES
from pages.parts.explore import trait_labels
from pages.parts.explore.state import SPLITS, Choice, Opened, filter_by_digits
from pages.shared import diverging
from pages.shared.digit_grid import DigitTiles, digit_grid

_PLAIN = {"displayModeBar": False, "scrollZoom": False}


def show(data: Mnist, choice: Choice, here: Opened) -> None:
    """Averages over the digits of the split."""
    means, spreads = trait_labels.means(data, choice.split)
    counts = trait_labels.counts(data, choice.split)
    present = [digit for digit in range(NUM_CLASSES) if counts[digit]]
    st.markdown(
        f"**The mean of all {SPLITS[choice.split].lower()} images of a digit.** Where it is blurred, people write "
        "differently. Click one to see only that digit in the other views."
    )
    captions = [f"{data.names[digit]} · {counts[digit]:,}" for digit in range(NUM_CLASSES)]
    _row(means, captions, "explore_mean", "The mean image of each digit")
    st.markdown("**The standard deviation of each pixel**: bright where images of one digit differ most.")
    brightest = max(float(spreads.max()), 1.0)
    _row(
        spreads * (255 / brightest),
        list(data.names),
        "explore_spread",
        "The standard deviation of each digit's pixels",
    )
    st.caption(f"White is the largest standard deviation, {brightest:.0f} of 255.")
    left, right = st.columns(2)
    with left:
        _difference(means, present, data.names)
    with right:
        _ink(means, counts, digits=data.shows_digits)


def _row(pictures: np.ndarray, captions: list[str], key: str, alt: str) -> None:
    images = np.clip(pictures.round(), 0, 255).astype(np.uint8)
    digit_grid(
        DigitTiles(images, captions, alt=alt, tile=56, columns=10),
        key=key,
        selected=-1,
        on_choose=lambda d: filter_by_digits([d]),
    )


def _difference(means: np.ndarray, present: list[int], names: Names) -> None:
    st.markdown("**The difference of two means**")
    chart = st.container()
    with st.container(horizontal=True, gap="small"):
        one = st.selectbox(
            "This digit",
            present,
            index=min(4, len(present) - 1),
            key="explore_one",
            format_func=names.__getitem__,
            width=130,
        )
        other = st.selectbox(
            "minus this", present, index=len(present) - 1, key="explore_other", format_func=names.__getitem__, width=130
        )
    picture = go.Heatmap(
        z=means[one] - means[other],
        zmid=0,
        colorscale=diverging.colorscale(),
        colorbar={"thickness": 10},
        hovertemplate="row %{y}, column %{x}<br><b>%{z:.0f}</b><extra></extra>",
    )
    figure, alt = _as_picture(go.Figure(picture), 300), f"Mean {names[one]} minus mean {names[other]}"
    chart.plotly_chart(figure, key="explore_difference", config=_PLAIN, alt=alt)
    red, blue = (f"a {name}" if names == DIGITS else name for name in (names[one], names[other]))
    st.caption(f"Red: {red} has more ink here. Blue: {blue} has more ink here.")


def _ink(means: np.ndarray, counts: np.ndarray, *, digits: bool) -> None:
    st.markdown("**Average ink by pixel**, over all digits")
    average = np.average(means, axis=0, weights=counts) if counts.sum() else means[0]
    picture = go.Heatmap(
        z=average,
        colorscale="Viridis",
        colorbar={"thickness": 10},
        hovertemplate="row %{y}, column %{x}<br><b>%{z:.1f}</b> of 255<extra></extra>",
    )
    st.plotly_chart(_as_picture(go.Figure(picture), 300), key="explore_ink", config=_PLAIN, alt="Average ink by pixel")
    never = int((average < 0.5).sum())
    why = (
        ", most of them near the border: MNIST scales each digit to fit a box of 20 × 20 pixels, then moves its centre "
    )
    why += "of mass to the middle of the image"
    st.caption(f"{never} of 784 pixels almost never have ink{why if digits else ''}.")


def _as_picture(figure: go.Figure, height: int) -> go.Figure:
    """Square pixels, row 0 on top, no accidental zooming."""
    axis = {"showgrid": False, "zeroline": False, "tickvals": [0, 5, 10, 15, 20, 25], "fixedrange": True}
    figure.update_xaxes(**axis, constrain="domain", side="top")
    figure.update_yaxes(**axis, autorange="reversed", scaleanchor="x", constrain="domain")
    figure.update_layout(height=height, margin={"l": 24, "r": 0, "t": 24, "b": 8})
    return figure
