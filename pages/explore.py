"""Explore: everything there is to see in MNIST."""

import streamlit as st

from pages.shared import caches, explore_digit, explore_state, frame, link
from pages.shared.explore_views import choose_view

# On a phone the page scrolls to the digit that was chosen: its title must not end up under the header.
_STYLE = "<style>.st-key-closer {scroll-margin-top: 4rem}</style>"

frame.page("explore")
st.html(_STYLE)
with frame.guard():
    data = caches.data()
    link.fill("explore", split="train", index="0", view="grid")
    here = explore_state.opened(data)
    choice = explore_state.choose(data, here)
    view = choose_view()
    views, closer = st.columns([3, 2], gap="medium")
    with closer, st.container(key="closer"):
        explore_digit.show(data, here)
    with views:
        view.show(data, choice, here)
