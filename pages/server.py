"""This server: who you are here, what visitors may do, how busy it is, and the teacher's settings."""

import streamlit as st

from pages.parts.server import limits_table, people, settings_form, status, upkeep
from pages.shared import frame, places
from pages.shared.visitor import is_teacher

frame.page("server")
with frame.guard():
    status.show()
    places.panel()
    left, right = st.columns(2, gap="large")
    with left:
        people.show()
    with right:
        limits_table.show()
    if is_teacher():
        upkeep.show()
        settings_form.show()
