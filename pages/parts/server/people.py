"""Who you are here: your name, the login, and the teacher's key."""

from collections.abc import Callable, Mapping

import streamlit as st
from streamlit.auth_util import get_secrets_auth_section

from core.classroom import names, teacher
from core.errors import DigitLabError
from core.formatting import plain
from core.program import new_key_advice
from pages.shared import caches, login
from pages.shared.visitor import display_name, is_teacher, visitor

_NAME, _KEY, _PROBLEM = "server_name", "server_key", "server_problem"  # widgets; session


def show() -> None:
    """Draws it."""
    st.header("You", anchor=False)
    with st.container():  # also while nothing is in it: else what a visitor has opened would close below a new sentence
        if problem := st.session_state.pop(_PROBLEM, None):
            st.error(plain(problem), icon=":material/error:")
    st.markdown(f"In the class you are **{plain(display_name())}**.")
    if login.user():
        st.caption("The name comes from your login.")
        st.button("Log out", icon=":material/logout:", on_click=st.logout)
    else:
        _name()
        _login()
    _teacher()


def _name() -> None:
    here = names.name_of(caches.store().home, visitor())
    with st.form("server_name_form", border=False):
        st.text_input(
            "Your name for the class", here, max_chars=names.MAX_NAME, key=_NAME,
            help="The teacher sees it. Empty: you have a pseudonym, which says nothing about you.",
        )  # fmt: skip
        st.form_submit_button("Save the name", on_click=_give_name)


def _give_name() -> None:
    _try(lambda: names.give(caches.store().home, visitor(), st.session_state[_NAME]))


def _login() -> None:
    section = get_secrets_auth_section()
    if section and not login.is_configured():
        st.warning("Login is configured, but Authlib is missing: install it with `pip install 'digit-lab[login]'`.")
    for provider in providers(section) if login.is_configured() else ():
        label = f"Log in with {provider}" if provider else "Log in"
        st.button(label, icon=":material/login:", on_click=st.login, args=(provider or None,), key=f"login_{provider}")


def providers(section: Mapping[str, object]) -> list[str]:
    """The names of the login's providers; an empty one for the settings that stand in `[auth]` itself."""
    named = [name for name, value in section.items() if isinstance(value, Mapping) and "client_id" in value]
    return [""] * ("client_id" in section) + named


def _teacher() -> None:
    home, me = caches.store().home, visitor()
    if teacher.is_unlocked(home, me):
        st.markdown(":material/verified_user: This browser has the **teacher's role**.")
        st.button("Give the role back", icon=":material/lock:", on_click=_lock)
    elif is_teacher():
        st.markdown(":material/verified_user: Your login has the **teacher's role**.")
    else:
        with st.expander("I am the teacher", icon=":material/key:"), st.form("server_key_form", border=False):
            st.text_input("Teacher's key", type="password", key=_KEY, autocomplete="off", max_chars=100,
                          help="The server printed it in its terminal at the first start. If it is lost, "
                          + new_key_advice())  # fmt: skip
            st.form_submit_button("Unlock", on_click=_unlock)


def _unlock() -> None:
    key, st.session_state[_KEY] = st.session_state[_KEY], ""
    _try(lambda: teacher.unlock(caches.store().home, visitor(), key))


def _lock() -> None:
    _try(lambda: teacher.lock(caches.store().home, visitor()))


def _try(do: Callable[[], None]) -> None:
    try:
        do()
    except DigitLabError as error:
        st.session_state[_PROBLEM] = error.sentence
