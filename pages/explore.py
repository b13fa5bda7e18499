"""Explore: everything there is to see in MNIST."""

import streamlit as st

from pages.shared import caches, explore_digit, explore_grid, explore_state, frame

frame.page("explore")
with frame.guard():
    data = caches.data()
    choice = explore_state.choose(data)
    here = explore_state.opened(data)
    views, closer = st.columns([3, 2], gap="medium")
    with views:
        explore_grid.show(data, choice, here)
    with closer:
        explore_digit.show(data, here)
