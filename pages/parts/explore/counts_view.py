"""Explore's counts: images of each digit, how often each pixel value occurs, and the arrays."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.data.class_names import DIGITS, Names
from core.data.mnist import Mnist
from core.digits import NUM_CLASSES
from pages.parts.explore import trait_labels
from pages.parts.explore.state import Choice, Opened, filter_by_digits
from pages.shared import palette

_CHART = "explore_counts"


def show(data: Mnist, choice: Choice, here: Opened) -> None:
    """Images of each label, pixel values, arrays."""
    training, test = data.train.counts + data.validation.counts, data.test.counts
    what = "digit" if data.shows_digits else "class"
    st.markdown(f"**Images of each {what}.** Choose a bar to see only that {what}, here and in the other views.")
    picked = choice.digits or range(NUM_CLASSES)
    st.plotly_chart(
        _bars(training, test, picked, data.names),
        key=_CHART,
        on_select=_filter,
        selection_mode="points",
        config={"displayModeBar": False},
        alt="Images of each digit in the training set and in the test set, as shares",
    )
    if missing := [data.names[digit] for digit in range(NUM_CLASSES) if not training[digit]]:
        st.warning(f"No training image shows {', '.join(missing)}: a network trained on this set cannot learn it.")
    _table(data, training, test)
    st.markdown("**How often each pixel value occurs**, from 0 (paper) to 255 (ink)")
    shares = {name: trait_labels.values(data, name) for name in ("train", "test")}
    st.plotly_chart(
        _histogram(shares),
        key="explore_values",
        config={"displayModeBar": False},
        alt="How often each pixel value occurs in the training and test images",
    )
    paper, ink = shares["train"][0], shares["train"][255]
    st.caption(f"{paper:.1%} of all training pixels are paper (0); {ink:.1%} are full ink (255).")
    st.markdown("**The arrays**")
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    _arrays(
        {f"{name} images": digits.images for name, digits in parts.items()}
        | {f"{name} labels": digits.labels for name, digits in parts.items()}
    )


def _filter() -> None:
    points = st.session_state[_CHART].selection.points
    if points:
        filter_by_digits(sorted({int(point["point_index"]) for point in points}))


def _bars(training: np.ndarray, test: np.ndarray, picked, names: Names) -> go.Figure:
    figure = go.Figure()
    for name, counts, colour in (("training", training, palette.TRAINING), ("test", test, palette.VALIDATION)):
        shares = 100 * counts / max(counts.sum(), 1)
        figure.add_bar(
            name=f"{name} {counts.sum():,}",
            x=list(names),
            y=shares,
            marker={"color": colour, "opacity": [1.0 if digit in picked else 0.3 for digit in range(NUM_CLASSES)]},
            text=[f"{count:,}" for count in counts],
            textangle=-90,
            # plotly.js 4.1.1 fails at a click on bars with text unless both are set.
            selected={"textfont": {"color": "white"}},
            unselected={"textfont": {"color": "gray"}},
            hovertemplate="%{text} images of %{x}, %{y:.2f}%<extra></extra>",
        )
    figure.update_layout(height=300, margin={"l": 8, "r": 8, "t": 8, "b": 8}, dragmode=False, clickmode="event+select")
    figure.update_layout(legend={"orientation": "h", "y": 1.12}, bargap=0.15)
    figure.update_yaxes(ticksuffix="%", fixedrange=True)
    figure.update_xaxes(type="category", title="digit" if names == DIGITS else "", fixedrange=True)
    return figure


def _table(data: Mnist, training: np.ndarray, test: np.ndarray) -> None:
    held_out, what = data.validation.counts, "digit" if data.shows_digits else "class"
    lines = [
        f"| {what} | training set | share | held out of these | test set | share |",
        "|---|--:|--:|--:|--:|--:|",
        *(
            f"| {data.names[digit]} | {training[digit]:,} | {training[digit] / training.sum():.2%} "
            f"| {held_out[digit]:,} | {test[digit]:,} | {test[digit] / test.sum():.2%} |"
            for digit in range(NUM_CLASSES)
        ),
        f"| **all** | **{training.sum():,}** | 100.00% | **{held_out.sum():,}** | **{test.sum():,}** | 100.00% |",
    ]
    _table_of(lines)


def _arrays(arrays: dict[str, np.ndarray]) -> None:
    rows = [
        f"| {name} | `{array.shape}` | `{array.dtype}` | {array.min()} | {array.max()} | {array.nbytes:,} |"
        for name, array in arrays.items()
    ]
    _table_of(["| array | shape | dtype | min | max | bytes |", "|---|---|---|--:|--:|--:|", *rows])


def _table_of(lines: list[str]) -> None:
    """A table that scrolls sideways on a narrow screen."""
    with st.container(key=f"explore_table_{len(lines)}"):
        st.markdown("\n".join(lines))
    st.html("<style>[class*='st-key-explore_table_'] {overflow-x: auto; font-size: .88rem}</style>")


def _histogram(shares: dict[str, np.ndarray]) -> go.Figure:
    figure = go.Figure()
    for (name, share), colour in zip(shares.items(), (palette.TRAINING, palette.VALIDATION), strict=True):
        figure.add_scatter(
            x=np.arange(256), y=100 * share, name=name, mode="lines", line={"shape": "hvh", "color": colour}
        )
    figure.update_layout(height=260, margin={"l": 8, "r": 8, "t": 8, "b": 8}, hovermode="x unified")
    figure.update_layout(legend={"orientation": "h", "y": 1.15})
    figure.update_yaxes(type="log", title="share of the pixels", ticksuffix="%", dtick=1)
    figure.update_xaxes(title="pixel value")
    return figure
