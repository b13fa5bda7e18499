"""Explore's grid: the chosen digits, 25 to 400 at a time, in the chosen order."""

import numpy as np
import streamlit as st

from core.data.mnist import Mnist
from pages.parts.explore import trait_labels
from pages.parts.explore.state import Choice, Opened, open_digit
from pages.shared import url_state
from pages.shared.digit_grid import DigitTiles, digit_grid, position_of

AT_A_TIME = (25, 50, 100, 200, 400)
NEIGHBOURHOOD = 10  # digits on either side of the open one
ORDERS = {
    "index": "As in the file",
    "around": f"Around the open digit (±{NEIGHBOURHOOD})",
    "shuffled": "Shuffled",
    "ink": "By ink",
    "thickness": "By thickness",
    "slant": "By slant",
    "distance": "By distance from the class mean",
}
_ORDER, _SHUFFLE, _PAGE = "explore_order", "explore_shuffle", "explore_page"


def show(data: Mnist, choice: Choice, here: Opened) -> None:
    """The controls and the grid."""
    if not len(choice.positions):
        st.info(f"There are {choice.words.replace('0 ', 'no ', 1)}. Choose other digits or another split.")
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        ordered, order, at_a_time = _ordered(data, choice, here)
        page = _page(len(ordered), at_a_time)
    shown = ordered[page * at_a_time : (page + 1) * at_a_time]
    digits = data.split(choice.split)[shown]
    st.caption(
        f"{choice.words}, {page * at_a_time + 1:,} to {page * at_a_time + len(shown):,}. Click one to open it. "
        f"Under each: label · {order if order in trait_labels.NAMES else 'index'}."
    )
    digit_grid(
        DigitTiles(
            digits.images,
            _captions(data, choice.split, shown, digits.labels, order),
            alt=f"{len(shown)} of {choice.words}",
            tile=52 if data.shows_digits else 84,  # names of classes are longer
        ),
        key="explore_grid",
        reveal="closer",
        selected=position_of(here.index, shown),
        on_choose=lambda position: open_digit(choice.split, shown[position]),
    )


def show_neighbourhood() -> None:
    """Orders the grid around the open digit; for callbacks."""
    st.session_state[_ORDER] = "around"
    url_state.write("explore", "view", "grid")


def _ordered(data: Mnist, choice: Choice, here: Opened) -> tuple[np.ndarray, str, int]:
    """The positions in the chosen order, the name of that order, and how many to show at a time."""
    order = st.selectbox(
        "Order",
        list(ORDERS),
        format_func=ORDERS.__getitem__,
        key=_ORDER,
        persist_state="session",
        width=270,
        help=trait_labels.EXPLAINED,
    )
    falling = order in trait_labels.NAMES and st.toggle("Largest first", key="explore_falling", persist_state="session")
    if order == "shuffled":
        st.button("Shuffle again", icon=":material/shuffle:", on_click=_shuffle)
    at_a_time = st.selectbox(
        "At a time", AT_A_TIME, index=2, key="explore_at_a_time", persist_state="session", width=110
    )
    return in_order(data, choice, here, order, falling), order, at_a_time


def in_order(data: Mnist, choice: Choice, here: Opened, order: str, falling: bool = False) -> np.ndarray:
    """The chosen positions, in that order: int64 (n,)."""
    positions = choice.positions
    if order == "around":
        # Neighbours are counted among the filtered digits; the open one may not be among them.
        at = int(np.searchsorted(positions, here.index))
        return positions[max(at - NEIGHBOURHOOD, 0) : at + NEIGHBOURHOOD + 1]
    if order == "shuffled":
        return np.random.default_rng(st.session_state.get(_SHUFFLE, 0)).permutation(positions)
    if order in trait_labels.NAMES:
        ranked = positions[np.argsort(trait_labels.of(data, choice.split)[order][positions], kind="stable")]
        return ranked[::-1] if falling else ranked
    return positions


def _shuffle() -> None:
    st.session_state[_SHUFFLE] = st.session_state.get(_SHUFFLE, 0) + 1


def _page(n: int, at_a_time: int) -> int:
    """The chosen page, 0-based; the last page if the chosen one no longer exists."""
    pages = -(-n // at_a_time)
    if pages == 1:
        return 0
    st.session_state[_PAGE] = min(st.session_state.get(_PAGE, 1), pages)
    return st.number_input(f"Page of {pages:,}", 1, pages, key=_PAGE, persist_state="session", width=140) - 1


def _captions(data: Mnist, split: str, shown: np.ndarray, labels: np.ndarray, order: str) -> list[str]:
    named = [data.names[label] for label in labels]
    if order in trait_labels.NAMES:
        values = trait_labels.of(data, split)[order][shown]
        return [f"{label} · {value:z.1f}" for label, value in zip(named, values, strict=True)]
    return [f"{label} · {index}" for label, index in zip(named, shown, strict=True)]
