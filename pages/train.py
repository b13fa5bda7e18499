"""Choose a network, press Start and watch it learn."""

import streamlit as st

from pages.parts.train import film, knob_panel, tab_return, watched_run
from pages.parts.train import watch as train_watch
from pages.shared import frame, lead_to, places, static_assets

frame.page("train")
watched_run.note_arrival()
with frame.guard():
    knobs, watch = st.columns([2, 3], gap="large")
    with knobs:
        knob_panel.panel()
    with watch, st.container(key=train_watch.KEY):
        train_watch.panel()
    places.panel()
    tab_return.watch()
    lead_to.reveal(train_watch.KEY, watched_run.arrival(), mount="arrival")
    static_assets.fetch_early(*film.SCRIPTS)
