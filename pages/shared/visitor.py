"""Who is looking: the same browser is the same visitor, after a reload, in every tab, and the next day."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from itertools import cycle

import streamlit as st

from core.jobs.sweep import Sweep
from core.runs.run import Run
from pages.shared import caches

_OWN = "digit_lab_visitor"
_STREAMLITS = "_streamlit_xsrf"  # every browser is given one with its first page; it ends when the browser is closed
_SECRET = re.compile(r"([0-9a-f]{2}){8,64}")
_YEAR = 365 * 24 * 3600  # seconds


def visitor() -> str:
    """A short id of the visitor's browser, twelve of the signs 0-9 and a-f.

    It outlives a reload, the server and the browser's end, till the cookie is deleted or was not needed for a year.
    Another browser, and a private window, is another visitor. Only a digest of the secret is kept and shown.
    """
    return hashlib.sha256(_secret()).hexdigest()[:12]


def script() -> str:
    """JavaScript that has the browser keep the secret: a person's runs and digits are their own the next day too.

    Streamlit sets no cookies of one's own, so the page's script does.
    """
    return f"document.cookie = '{_OWN}={_secret().hex()}; max-age={_YEAR}; path=/; samesite=lax';"


def may_control(what: Run | Sweep) -> bool:
    """Whether this visitor may steer, rename and delete it: what they started, and what nobody in particular did."""
    return caches.jobs().may_control(what, visitor())


def own(run: Run) -> bool:
    """Whether this visitor began it, or nobody in particular did, as on the command line."""
    return run.starter in ("", visitor())


def own_first(runs: Iterable[Run]) -> list[Run]:
    """In a class the newest run is hardly ever one's own."""
    me = visitor()
    return sorted(runs, key=lambda run: run.starter not in ("", me))


def marks(runs: Iterable[Run]) -> dict[str, str]:
    """What is said behind each run in a list, by its id: which are the visitor's, where others have some too."""
    me, runs = visitor(), list(runs)
    mixed = any(run.starter not in ("", me) for run in runs)
    return {run.id: " · yours" if mixed and run.starter == me else "" for run in runs}


def _secret() -> bytes:
    """What only this browser knows."""
    cookies = st.context.cookies
    own, streamlits = cookies.get(_OWN), cookies.get(_STREAMLITS)
    if isinstance(own, str) and _SECRET.fullmatch(own):
        return bytes.fromhex(own)
    if isinstance(streamlits, str):
        return token(streamlits)
    return bytes.fromhex(st.session_state.setdefault("visitor", secrets.token_hex(16)))


def token(cookie: str) -> bytes:
    """What stays the same in the cookie, which is written under another mask each time: `2|mask|masked token|time`."""
    try:
        _, mask, masked, _ = cookie.strip("\"'").split("|")
        return bytes(a ^ b for a, b in zip(bytes.fromhex(masked), cycle(bytes.fromhex(mask)), strict=False))
    except ValueError:
        return cookie.encode()
