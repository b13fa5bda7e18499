"""Explore's views in order; all show the same selection of digits."""

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from core.data.mnist import Mnist
from pages.parts.explore import counts_view, grid_view, map_view, means_view, numbers_view, outliers_view
from pages.parts.explore.state import Choice, Opened
from pages.shared import url_state

_VIEW = "explore_view"


class View(NamedTuple):
    """One way to look at the digits."""

    title: str
    icon: str
    show: Callable[[Mnist, Choice, Opened], None]


VIEWS = {
    "grid": View("Grid", ":material/grid_view:", grid_view.show),
    "numbers": View("Numbers", ":material/pin:", numbers_view.show),
    "counts": View("Counts", ":material/bar_chart:", counts_view.show),
    "means": View("Means", ":material/blur_on:", means_view.show),
    "map": View("Map", ":material/scatter_plot:", map_view.show),
    "odd": View("Outliers", ":material/troubleshoot:", outliers_view.show),
}


def choose_view() -> View:
    """The open view; the link names it."""
    name = url_state.read("explore", "view")
    if name not in VIEWS:
        st.warning(f"There is no view {url_state.quoted(name)}, only {', '.join(VIEWS)}. Showing the grid.")
        name = "grid"
        url_state.write("explore", "view", name)
    st.session_state[_VIEW] = name
    st.segmented_control(
        "View",
        list(VIEWS),
        format_func=lambda name: f"{VIEWS[name].icon} {VIEWS[name].title}",
        required=True,
        key=_VIEW,
        on_change=lambda: url_state.write("explore", "view", st.session_state[_VIEW]),
        label_visibility="collapsed",
    )
    return VIEWS[name]
