"""A select box whose labels may change: a running run gets another label when it ends.

Streamlit's own box identifies a choice by its label. If the label changes, it silently returns to the first choice.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.shared.distinct_labels import distinct


def picker(label: str, options: Mapping[str, str], *, key: str, first: str | None = None, **manner: Any) -> str:
    """The chosen key of `options`; the values are labels. Equal labels get their key behind them.

    first: chosen until the visitor chooses, and again if their choice disappears; by default the first option.
    manner: further arguments of `st.selectbox`.
    """
    options, before = distinct(options), picked(key)
    st.session_state[key] = before if before in options else first or next(iter(options))
    _meanings(key).update({text: name for name, text in options.items()})
    return str(st.selectbox(label, list(options), format_func=lambda name: options.get(name, name), key=key, **manner))


def picked(key: str) -> str | None:
    """The choice in the box `key`, for callbacks too. None before it was first shown."""
    value: str | None = st.session_state.get(key)
    return None if value is None else _meanings(key).get(value, value)


def _meanings(key: str) -> dict[str, str]:
    """Every label that the box `key` has had, with its meaning: the browser may still send an old one."""
    meanings: dict[str, str] = st.session_state.setdefault(f"{key}_labels", {})
    return meanings
