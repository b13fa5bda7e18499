"""Explore's views in order; all look at the same choice of digits."""

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from core.mnist import Mnist
from pages.shared import explore_counts, explore_grid, explore_map, explore_means, explore_numbers, explore_odd, link
from pages.shared.explore_state import Choice, Opened

_VIEW = "explore_view"


class View(NamedTuple):
    """One way to look at the digits."""

    title: str
    icon: str
    show: Callable[[Mnist, Choice, Opened], None]


VIEWS = {
    "grid": View("Grid", ":material/grid_view:", explore_grid.show),
    "numbers": View("Numbers", ":material/pin:", explore_numbers.show),
    "counts": View("Counts", ":material/bar_chart:", explore_counts.show),
    "means": View("Mean and spread", ":material/blur_on:", explore_means.show),
    "map": View("Map", ":material/scatter_plot:", explore_map.show),
    "odd": View("Odd ones", ":material/troubleshoot:", explore_odd.show),
}


def choose_view() -> View:
    """The view that is open; it is in the link."""
    name = link.read("explore", "view")
    if name not in VIEWS:
        st.warning(f"The link must name a view: {', '.join(VIEWS)}. Received: {link.quoted(name)}. Showing the grid.")
        name = "grid"
        link.write("explore", "view", name)
    st.session_state[_VIEW] = name
    st.segmented_control(
        "View",
        list(VIEWS),
        format_func=lambda name: f"{VIEWS[name].icon} {VIEWS[name].title}",
        required=True,
        key=_VIEW,
        on_change=lambda: link.write("explore", "view", st.session_state[_VIEW]),
        label_visibility="collapsed",
    )
    return VIEWS[name]
