"""Prepare: the lesson between data and training, step by step on one digit."""

import streamlit as st

from pages.shared import caches, frame, prepare_digit
from pages.shared.prepare_steps import BY_NAME, NAMES

frame.page("prepare")
with frame.guard():
    example = prepare_digit.choose(caches.data())
    name = prepare_digit.choose_step(NAMES, {name: step.title for name, step in BY_NAME.items()})
    with st.container(key="step"):
        st.subheader(f"{NAMES.index(name) + 1}. {BY_NAME[name].title}", anchor=False)
        BY_NAME[name].draw(example)
    prepare_digit.walk(NAMES, name, {name: step.title for name, step in BY_NAME.items()})
