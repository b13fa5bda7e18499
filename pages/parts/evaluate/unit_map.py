"""Evaluate, Map: the images in the plane of the last hidden layer's two principal components."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.data.class_names import DIGITS, Names
from core.digits import NUM_CLASSES
from core.network import explain
from pages.parts.evaluate import image_list
from pages.parts.evaluate.choice import Selection, open_digit
from pages.shared import caches, palette

IMAGES = 2000


def show(selection: Selection) -> None:
    places, shares = _map(
        selection.run.id, selection.epoch, selection.split, float(selection.predictions.evaluation.loss or 0), selection
    )
    st.markdown(
        "The last hidden layer turns each image into a list of numbers. This map shows the two directions in which "
        "these "
        f"lists differ most (principal components: {shares[0]:.0%} and {shares[1]:.0%} of the variance). Digits "
        f"that the "
        "network separates well are far apart. Crosses are mistakes. Choose a point to see its image."
    )
    wide, detail = st.columns([3, 2], gap="large")
    with wide:
        st.plotly_chart(
            chart(places, selection.predictions.labels[:IMAGES], selection.predictions.right[:IMAGES], selection.names),
            key="evaluate_map",
            on_select=_open,
            selection_mode="points",
            config={"displayModeBar": False},
            alt="Map of the images by the last hidden layer; the colour shows the class",
        )
    with detail:
        image_list.closer(selection, selection.opened(), key="evaluate_map_detail")


def chart(places: np.ndarray, labels: np.ndarray, right: np.ndarray, names: Names = DIGITS) -> go.Figure:
    """One colour for each class; circles are right, crosses wrong."""
    figure = go.Figure()
    for digit in range(NUM_CLASSES):
        here = np.flatnonzero(labels == digit)
        figure.add_scatter(
            x=places[here, 0],
            y=places[here, 1],
            mode="markers",
            name=names[digit],
            customdata=here,
            marker={
                "color": palette.DIGITS[digit],
                "size": np.where(right[here], 5, 8),
                "line": {"width": 0},
                "symbol": np.where(right[here], "circle", "x"),
                "opacity": np.where(right[here], 0.6, 1.0),
            },
            hovertemplate=f"a {names[digit]}, image %{{customdata}}<extra></extra>",
        )
    figure.update_xaxes(showticklabels=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, zeroline=False)
    figure.update_layout(
        height=520, margin={"l": 0, "r": 0, "t": 0, "b": 0}, dragmode="pan", clickmode="event+select",
        legend={"orientation": "h", "itemsizing": "constant"},
    )  # fmt: skip
    return figure


@st.cache_data(max_entries=64, show_spinner="Computing the map …")
def _map(run_id: str, epoch: int | None, split: str, loss: float, _selection: Selection):
    """The map, turned and flipped to match that of the run as it ended: it must not flip from epoch to epoch.

    The loss is part of the cache key, because other weights have another loss.
    """
    images = _selection.digits.images[:IMAGES]
    places, shares = explain.principal_components(_selection.reader.features(images))
    if epoch is None or not _selection.run.has_model:
        return places, shares
    final, _ = explain.principal_components(caches.reader(run_id, None).features(images))
    return explain.align_map(places, final), shares


def _open() -> None:
    points = st.session_state["evaluate_map"]["selection"]["points"]
    if points:
        place = points[0]["customdata"]
        open_digit(int(place[0] if isinstance(place, (list, tuple)) else place))
