"""Prepare: the lesson between data and training, step by step on one digit."""

import streamlit as st

from pages.shared import caches, frame, lesson, link, prepare_digit
from pages.shared.prepare_steps import BY_NAME, NAMES, TITLES

frame.page("prepare")
lesson.style()
with frame.guard():
    link.fill("prepare", index="7", step=NAMES[0])
    example = prepare_digit.choose(caches.data())
    name = prepare_digit.choose_step(NAMES, TITLES)
    with st.container(key="step"):
        st.subheader(f"{NAMES.index(name) + 1}. {TITLES[name]}", anchor=False)
        BY_NAME[name].draw(example)
    prepare_digit.walk(NAMES, name, TITLES)
