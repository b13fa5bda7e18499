"""Digit Lab: see a neural network learn. Page config and navigation; no logic.

Streamlit imports this file once, for the server, and then runs it as a script for each visitor.
"""

import streamlit as st

from pages.shared import frame, http_guard, static_assets, streamlit_patches

streamlit_patches.apply()
if __name__ == "__main__":
    st.set_page_config(page_icon="🔢", layout="wide")
    chosen = st.navigation([st.Page(page.path, **page.navigation) for page in frame.PAGES], position="top")
    frame.enter(chosen)
    chosen.run()
else:
    app = st.App(__file__, routes=static_assets.routes(), middleware=http_guard.middleware())
