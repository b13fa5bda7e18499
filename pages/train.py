"""Choose a network, press Start and watch it learn."""

import streamlit as st

from pages.shared import frame, served, train_knobs, train_watch

frame.page("train")
with frame.guard():
    knobs, watch = st.columns([2, 3], gap="large")
    with knobs:
        train_knobs.panel()
    with watch, st.container(key=train_watch.KEY):
        train_watch.panel()
    served.fetch_plotly()
