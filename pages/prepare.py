"""Prepare: the lesson between data and training, step by step on one digit."""

import streamlit as st

from pages.parts.prepare import digit_choice, lesson
from pages.parts.prepare.steps import BY_NAME, FOR_PROGRAMMERS, NAMES, TITLES
from pages.shared import caches, frame, url_state

frame.page("prepare")
lesson.style()
with frame.guard():
    url_state.fill("prepare", index="7", step=NAMES[0])
    example = digit_choice.choose(caches.data())
    name = digit_choice.choose_step(NAMES, TITLES)
    with st.container(key="step"):
        st.header(f"{NAMES.index(name) + 1}. {TITLES[name]}", anchor=False)
        if name in FOR_PROGRAMMERS:
            st.caption(":material/code: For programmers")
        BY_NAME[name].draw(example)
    digit_choice.step_buttons(NAMES, name, TITLES)
