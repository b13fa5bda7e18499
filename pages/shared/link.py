"""What a page keeps in its link, and finds again when the visitor comes back to it without one."""

import streamlit as st


def read(page: str, name: str, first: str) -> str:
    """The value in the link, else that of this visitor's last look at the page, else `first`."""
    value = st.query_params.get(name, st.session_state.get(_kept(page, name), first))
    write(page, name, value)
    return value


def write(page: str, name: str, value: object) -> None:
    """Puts the value into the link; also for callbacks."""
    st.query_params[name] = str(value)
    st.session_state[_kept(page, name)] = str(value)


def _kept(page: str, name: str) -> str:
    return f"link_{page}_{name}"
