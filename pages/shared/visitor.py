"""Who is looking: the same browser is the same visitor, after a reload and in every tab."""

import hashlib
import secrets

import streamlit as st

_COOKIE = "_streamlit_xsrf"  # Streamlit gives every browser one; only a digest of it is kept


def visitor() -> str:
    """A short id of the visitor's browser."""
    cookie = st.context.cookies.get(_COOKIE)
    if isinstance(cookie, str):
        return hashlib.sha256(cookie.encode()).hexdigest()[:12]
    return st.session_state.setdefault("visitor", secrets.token_hex(6))
