"""Explore's state: the open digit (kept in the link) and the filters (kept in the session)."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from core.data.mnist import Mnist
from core.digits import NUM_CLASSES
from pages.shared import url_state

SPLITS = {"train": "Training", "validation": "Validation", "test": "Test"}
_LASSO, _DIGITS = "explore_lasso", "explore_digits"


class Opened(NamedTuple):
    """One digit of one split."""

    split: str
    index: int


class Choice(NamedTuple):
    """The digits that pass the filters, as sorted positions in their split."""

    split: str
    positions: np.ndarray  # int64 (n,)
    words: str  # what they are: "5,923 training images of 0"
    digits: tuple[int, ...]  # the digits filtered for; empty: all
    before_lasso: np.ndarray  # the positions without the filter of the map


def opened(data: Mnist) -> Opened:
    """The digit in the link, or the one that was open before; warns if the link names none."""
    split = url_state.read("explore", "split")
    if split not in SPLITS:
        st.warning(f"There is no split {url_state.quoted(split)}, only {', '.join(SPLITS)}. Showing train.")
        split = "train"
    written, n = url_state.read("explore", "index"), len(data.split(split))
    if (index := url_state.number(written, n)) is None:
        st.warning(
            f"There is no digit with index {url_state.quoted(written)}: it is a whole number from 0 to {n - 1:,}. "
            "Showing digit 0."
        )
        index = 0
    open_digit(split, index)
    return Opened(split, index)


def open_digit(split: str, index: int) -> None:
    """Opens a digit; for callbacks, which run before the page is drawn."""
    url_state.write("explore", "split", split)
    url_state.write("explore", "index", int(index))


def filter_by_digits(digits: list[int]) -> None:
    """Shows only these digits; for callbacks."""
    st.session_state[_DIGITS] = digits


def keep_only(split: str, positions: np.ndarray | None) -> None:
    """Shows only these positions of a split, selected on the map; None shows all again."""
    st.session_state[_LASSO] = None if positions is None else (split, np.sort(positions))


def choose(data: Mnist, here: Opened) -> Choice:
    """The filter row: split and digits, and the selection on the map."""
    st.session_state["explore_split"] = here.split
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.segmented_control(
            "Split",
            list(SPLITS),
            format_func=lambda name: f"{SPLITS[name]} {len(data.split(name)):,}",
            required=True,
            key="explore_split",
            on_change=lambda: open_digit(st.session_state["explore_split"], 0),
        )
        picked = st.pills(
            "Digits" if data.shows_digits else "Classes",
            range(NUM_CLASSES),
            format_func=data.names.__getitem__,
            selection_mode="multi",
            key=_DIGITS,
            wrap=True,
            persist_state="session",
        )
        lasso = st.session_state.get(_LASSO)
        if lasso and lasso[0] == here.split:  # a selection in another split has no effect here
            st.button(
                f"{len(lasso[1]):,} selected on the map",
                icon=":material/close:",
                help="Show all digits again",
                on_click=keep_only,
                args=(lasso[0], None),
            )
    return _choice(data, here.split, sorted(picked), lasso)


def _choice(data: Mnist, split: str, digits: list[int], lasso: tuple[str, np.ndarray] | None) -> Choice:
    labels = data.split(split).labels
    mask = np.isin(labels, digits) if digits else np.ones(len(labels), bool)
    words = f"{SPLITS[split].lower()} images"
    if digits:
        words += f" of {', '.join(data.names[digit] for digit in digits)}"
    before_lasso = np.flatnonzero(mask)
    if lasso and lasso[0] == split:
        inside = np.zeros(len(labels), bool)
        inside[lasso[1][lasso[1] < len(labels)]] = True
        mask &= inside
        words += " selected on the map"
    positions = np.flatnonzero(mask)
    return Choice(split, positions, f"{len(positions):,} {words}", tuple(digits), before_lasso)
