"""Digit Lab: see a neural network learn. Page config and navigation; no logic.

Streamlit imports this file once, for the server, and then runs it as a script for each visitor.
"""

import os

import streamlit as st
from starlette.middleware import Middleware

from pages.shared import frame, server_settings, static_assets, streamlit_patches
from pages.shared.http_guard import HttpGuard
from pages.shared.page_script import PageScript
from pages.shared.uploads import UploadLimit
from pages.shared.visitor_cookie import VisitorCookie

streamlit_patches.apply()
if __name__ == "__main__":
    st.set_page_config(page_icon="🔢", layout="wide")
    chosen = st.navigation([st.Page(page.path, **page.navigation) for page in frame.PAGES], position="top")
    frame.enter(chosen)
    chosen.run()
else:
    server_settings.prepare(dict(os.environ))
    middleware = [Middleware(HttpGuard), Middleware(VisitorCookie), Middleware(PageScript), Middleware(UploadLimit)]
    app = st.App(__file__, routes=static_assets.routes(), middleware=middleware)
