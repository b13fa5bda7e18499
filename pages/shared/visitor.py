"""Who uses the page: the same browser is the same visitor, after a reload, in every tab, and the next day."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from itertools import cycle

import streamlit as st

from core.classroom import names, teacher
from core.jobs.sweep import Sweep
from core.runs.run import Run
from pages.shared import caches

_OWN = "digit_lab_visitor"
_STREAMLITS = "_streamlit_xsrf"  # every browser gets one with its first page; it lasts until the browser is closed
_SECRET = re.compile(r"([0-9a-f]{2}){8,64}")
_YEAR = 365 * 24 * 3600  # seconds


def visitor() -> str:
    """A short id of the visitor's browser: twelve hexadecimal digits.

    It stays the same after a reload and after a restart of the server or the browser, until the cookie is deleted or
    unused for a year. Another browser or a private window is another visitor. Only a digest of the secret is kept.
    """
    return hashlib.sha256(_secret()).hexdigest()[:12]


def script() -> str:
    """JavaScript that stores the secret in a cookie, so that a person finds their runs and digits the next day.

    Streamlit cannot set cookies, so the page's script does.
    """
    return f"document.cookie = '{_OWN}={_secret().hex()}; max-age={_YEAR}; path=/; samesite=lax';"


def is_teacher() -> bool:
    """Whether this browser has the teacher's role."""
    return teacher.is_unlocked(caches.store().home, visitor())


def display_name() -> str:
    """The name that the visitor gave for the class; a pseudonym if there is none. Escape it where you show it."""
    return names.name_of(caches.store().home, visitor()) or names.pseudonym(visitor())


def may_control(what: Run | Sweep) -> bool:
    """Whether this visitor may control, rename and delete it: they started it, or it has no owner."""
    return caches.jobs().may_control(what, visitor())


def own(run: Run) -> bool:
    """Whether this visitor started it, or it has no owner because it was started on the command line."""
    return run.starter in ("", visitor())


def own_first(runs: Iterable[Run]) -> list[Run]:
    """The visitor's own runs first: in a class the newest run is usually somebody else's."""
    me = visitor()
    return sorted(runs, key=lambda run: run.starter not in ("", me))


def marks(runs: Iterable[Run]) -> dict[str, str]:
    """Marks the visitor's own runs in a list, by run id, if other visitors have runs too."""
    me, runs = visitor(), list(runs)
    mixed = any(run.starter not in ("", me) for run in runs)
    return {run.id: " · yours" if mixed and run.starter == me else "" for run in runs}


def _secret() -> bytes:
    """The secret that only this browser has."""
    cookies = st.context.cookies
    own, streamlits = cookies.get(_OWN), cookies.get(_STREAMLITS)
    if isinstance(own, str) and _SECRET.fullmatch(own):
        return bytes.fromhex(own)
    if isinstance(streamlits, str):
        return token(streamlits)
    return bytes.fromhex(st.session_state.setdefault("visitor", secrets.token_hex(16)))


def token(cookie: str) -> bytes:
    """The constant part of Streamlit's cookie, which is masked differently each time: `2|mask|masked token|time`."""
    try:
        _, mask, masked, _ = cookie.strip("\"'").split("|")
        return bytes(a ^ b for a, b in zip(bytes.fromhex(masked), cycle(bytes.fromhex(mask)), strict=False))
    except ValueError:
        return cookie.encode()
