"""A box to choose one of several by their labels, which may change meanwhile: a run that trains is labelled otherwise
once it has ended.

Streamlit's box sends the label of what is chosen, not what the label stands for. A label that has changed since means
nothing to it: it would go back to the first choice, behind the visitor's back.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st


def picker(label: str, options: Mapping[str, str], *, key: str, first: str | None = None, **manner: Any) -> str:
    """The key of `options` that is chosen; the values are their labels.

    `first` is chosen until the visitor chooses, and again once their choice is gone; without it, the first of
    `options`. `manner`: as `st.selectbox` has it.
    """
    before = picked(key)
    st.session_state[key] = before if before in options else first or next(iter(options))
    _meanings(key).update({text: name for name, text in options.items()})
    return str(st.selectbox(label, list(options), format_func=lambda name: options.get(name, name), key=key, **manner))


def picked(key: str) -> str | None:
    """What is chosen in the box `key`; for callbacks too. None before it was first drawn."""
    value: str | None = st.session_state.get(key)
    return None if value is None else _meanings(key).get(value, value)


def _meanings(key: str) -> dict[str, str]:
    """What every label stands for that the box `key` ever had: the browser may still send an old one."""
    meanings: dict[str, str] = st.session_state.setdefault(f"{key}_labels", {})
    return meanings
