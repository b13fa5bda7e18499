"""What a page keeps in its link, and finds again when the visitor comes back to it without one."""

import re

import streamlit as st

_MARKDOWN = re.compile(r"[\\`<\[\]]")  # what begins a picture, a link, code or a tag


def fill(page: str, **first: str) -> None:
    """Completes the link: each value as at this visitor's last look at the page, else `first`. All are put there at
    once: one step of the browser's Back, not one for each."""
    missing = {name: value for name, value in first.items() if name not in st.query_params}
    if missing:
        st.query_params.update({name: st.session_state.get(_kept(page, name), missing[name]) for name in missing})


def read(page: str, name: str) -> str:
    """The value in the link, which `fill` has completed."""
    value = st.query_params[name]
    write(page, name, value)
    return value


def number(text: str, below: int) -> int | None:
    """The whole number from 0 up to `below`, which is left out, that a link says; None for anything else."""
    # Python refuses to make a number of thousands of digits, with an error of its own.
    return int(text) if text.isdecimal() and len(text) < 9 and int(text) < below else None


def plain(words: str) -> str:
    """Words that repeat what a link says, as Markdown that shows them as they are: whoever made the link could else
    place pictures, fetched from elsewhere, and links of their own among ours."""
    return _MARKDOWN.sub(lambda sign: "\\" + sign[0], words)


def quoted(text: str) -> str:
    """The beginning of what a link says, in quotes, to be shown."""
    return plain(repr(text[:20]))


def write(page: str, name: str, value: object) -> None:
    """Puts the value into the link; also for callbacks."""
    st.query_params[name] = str(value)
    st.session_state[_kept(page, name)] = str(value)


def _kept(page: str, name: str) -> str:
    return f"link_{page}_{name}"
