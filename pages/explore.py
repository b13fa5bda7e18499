"""Explore: look at the images of MNIST in six views."""

import streamlit as st

from pages.parts.explore import one_digit, state
from pages.parts.explore.views import choose_view
from pages.shared import caches, data_findings, frame, url_state

# On a phone the page scrolls to the chosen digit: its title must not be hidden under the header.
_STYLE = "<style>.st-key-closer {scroll-margin-top: 4rem} .st-key-closer h2 {font-size: 1.5rem}</style>"

frame.page("explore")
st.html(_STYLE)
with frame.guard():
    data_findings.show()
    data = caches.data()
    url_state.fill("explore", split="train", index="0", view="grid")
    here = state.opened(data)
    choice = state.choose(data, here)
    view = choose_view()
    views, closer = st.columns([3, 2], gap="medium")
    with closer, st.container(key="closer"):
        one_digit.show(data, here)
    with views:
        view.show(data, choice, here)
