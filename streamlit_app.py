"""Digit Lab: see a neural network learn. Page config and navigation; no logic."""

import streamlit as st

from pages.shared import frame, streamlit_patches

streamlit_patches.apply()
st.set_page_config(page_icon="🔢", layout="wide")
chosen = st.navigation([st.Page(f"pages/{page.name}.py", **page.navigation) for page in frame.PAGES], position="top")
frame.enter(chosen)
chosen.run()
