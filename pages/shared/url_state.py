"""The state that a page keeps in its link, and restores when the visitor returns without one."""

import streamlit as st

from core.formatting import plain


def fill(page: str, **first: str) -> None:
    """Completes the link with this visitor's last values on the page, or else with `first`. One update sets all values,
    so Back takes one step."""
    missing = {name: value for name, value in first.items() if name not in st.query_params}
    if missing:
        st.query_params.update({name: st.session_state.get(_kept(page, name), missing[name]) for name in missing})


def read(page: str, name: str) -> str:
    """The value in the link, which `fill` has completed."""
    value = st.query_params[name]
    write(page, name, value)
    return value


def number(text: str, below: int) -> int | None:
    """The whole number from 0 to `below` - 1 in the text of a link; None for anything else."""
    # Python raises an error for numbers with thousands of digits.
    return int(text) if text.isdecimal() and len(text) < 9 and int(text) < below else None


def quoted(text: str) -> str:
    """The first 20 characters of a value from a link, in quotes, for a message."""
    return plain(repr(text[:20]))


def write(page: str, name: str, value: object) -> None:
    """Writes the value into the link; callbacks may use it too."""
    st.query_params[name] = str(value)
    st.session_state[_kept(page, name)] = str(value)


def _kept(page: str, name: str) -> str:
    return f"link_{page}_{name}"
