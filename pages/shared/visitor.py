"""Who uses the page: the same browser is the same visitor, after a reload, in every tab, and the next day."""

import secrets
from collections.abc import Iterable

import streamlit as st

from core.classroom import identity, names, teacher
from core.classroom.visitors import HasStarter, Visitor
from core.jobs import adoption
from core.runs.run import Run
from pages.shared import caches, login, server_settings, visitor_cookie

_ADOPTED = "adopted_earlier_runs"  # session


def visitor() -> str:
    """A short id of the visitor: twelve hexadecimal digits. Runs name their starter with it.

    It stays the same after a reload and after a restart of the server or the browser, until the cookie is deleted or
    unused for a year. Another browser or a private window is another visitor, but who logs in is the same everywhere.
    """
    return identity.visitor_id(caches.store().home, _secret())


def current() -> Visitor:
    """The visitor with network address and role, for requests to the scheduler."""
    return Visitor(visitor(), address(), is_teacher())


def is_teacher() -> bool:
    """Whether the visitor has the teacher's role: the browser was unlocked with the key, or the login gives it."""
    claims = login.user()
    by_login = bool(claims) and login.is_teacher(claims, server_settings.settings())
    return by_login or teacher.is_unlocked(caches.store().home, visitor())


def display_name() -> str:
    """The name of the login or the one given for the class; else a pseudonym. Escape it where you show it."""
    me = visitor()
    return names.name_of(caches.store().home, me) or names.pseudonym(me)


def address() -> str:
    """The visitor's network address; empty if it is unknown or this machine.

    Behind a proxy it is the last address in the header that the settings name: the proxy itself adds that one.
    """
    if header := server_settings.settings()["address_header"]:
        return str(st.context.headers.get(header) or "").rpartition(",")[2].strip()[:60]
    return st.context.ip_address or ""


def remember() -> None:
    """Once in each session: keeps the name of a login, and finds what the same browser made in earlier versions."""
    me = visitor()
    if st.session_state.get(_ADOPTED) == me:
        return
    st.session_state[_ADOPTED] = me
    store = caches.store()
    if claims := login.user():
        names.give(store.home, me, login.name(claims))
    else:
        adoption.adopt(store, identity.earlier_id(_secret()), me)


def may_control(what: HasStarter) -> bool:
    """Whether this visitor may control, rename and delete it: they started it, nobody owns it, or they teach."""
    return current().may_control(what)


def own(run: Run) -> bool:
    """Whether it is this visitor's run: they started it, or nobody did and only this machine opens the pages.

    Nobody started the runs of the command line. On a server for several people, such a run is not everybody's own.
    """
    return run.starter in _own_starters()


def own_first(runs: Iterable[Run]) -> list[Run]:
    """The visitor's own runs first: in a class the newest run is usually somebody else's."""
    mine = _own_starters()
    return sorted(runs, key=lambda run: run.starter not in mine)


def marks(runs: Iterable[Run]) -> dict[str, str]:
    """Marks the visitor's own runs in a list, by run id, if the list also has runs that are not theirs."""
    me, mine, runs = visitor(), _own_starters(), list(runs)
    mixed = any(run.starter not in mine and not run.shipped for run in runs)
    return {run.id: " · yours" if mixed and run.starter == me else "" for run in runs}


def _own_starters() -> set[str]:
    return {visitor()} if server_settings.is_shared() else {visitor(), ""}


def _secret() -> bytes:
    """What only this visitor has: their login, or the secret in the cookie of their browser."""
    if claims := login.user():
        return login.identity(claims)
    cookie = st.context.cookies.get(visitor_cookie.NAME)
    if visitor_cookie.is_secret(cookie):
        return bytes.fromhex(str(cookie))
    return bytes.fromhex(st.session_state.setdefault("visitor", secrets.token_hex(32)))  # it takes no cookies
