"""Who is looking: the same browser is the same visitor, after a reload and in every tab."""

import hashlib
import secrets
from itertools import cycle

import streamlit as st

_COOKIE = "_streamlit_xsrf"  # Streamlit gives every browser one; only a digest of it is kept


def visitor() -> str:
    """A short id of the visitor's browser; it holds until the browser is closed."""
    cookie = st.context.cookies.get(_COOKIE)
    if isinstance(cookie, str):
        return hashlib.sha256(token(cookie)).hexdigest()[:12]
    return st.session_state.setdefault("visitor", secrets.token_hex(6))


def token(cookie: str) -> bytes:
    """What stays the same in the cookie, which is written under another mask each time: `2|mask|masked token|time`."""
    try:
        _, mask, masked, _ = cookie.strip("\"'").split("|")
        return bytes(a ^ b for a, b in zip(bytes.fromhex(masked), cycle(bytes.fromhex(mask)), strict=False))
    except ValueError:
        return cookie.encode()
