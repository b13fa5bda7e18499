"""My hand: a visitor labels drawings, collects and deletes them, and trains a copy of a network on them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from core.classroom.limits import Limits
from core.digits import NUM_CLASSES
from core.drawing import personal_digits
from core.drawing.personal_digits import PersonalDigits
from core.errors import DigitLabError
from core.formatting import count
from pages.parts.draw import teaching
from pages.parts.draw.network_choice import NetworkChoice
from pages.shared import caches, server_settings
from pages.shared.digit_grid import DigitTiles, digit_grid
from pages.shared.visitor import visitor

_LABEL, _ERROR = "draw_said", "draw_show_error"


def correct(digit: np.ndarray, predicted: int) -> None:
    """The visitor labels the drawn digit and saves it for `show`."""
    known = PersonalDigits(visitor()).find(digit)
    with st.popover("Wrong? Correct it", icon=":material/back_hand:"):
        label = st.segmented_control("This is a", range(NUM_CLASSES), key=f"{_LABEL}_{predicted}")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Save to my digits",
                icon=":material/save:",
                disabled=label is None or (known is not None and known.label == label),
                on_click=_try,
                args=(_save, digit, label),
                help="Stays on this machine. “My hand” shows all of your digits.",
            )
            if known:  # here, because the popover covers what is below
                st.success(f"Saved as a {known.label} of your hand.", icon=":material/check:")
        if known and st.button(
            "Train a copy on them",
            icon=":material/school:",
            on_click=teaching.request,
            help="Opens “My hand” and trains a copy of this network on all of your digits. It takes seconds.",
            key="draw_correct_train",
        ):
            st.rerun()  # the whole page, which now shows My hand
        _show_error()


def show(network: NetworkChoice) -> None:
    """The saved digits, and the button that trains a copy of the network on them."""
    personal = PersonalDigits(visitor())
    st.markdown(
        "Draw digits, label them and collect **your own digits** here. Other visitors do not see them. Then train a "
        "copy of the network on them. This takes seconds and shows the accuracy before and after: on your digits and "
        "on those of other people."
    )
    _ask_about_unclaimed(personal)
    corrections = personal.all()
    if corrections:
        captions = [str(one.label) for one in corrections]
        images = np.stack([one.image for one in corrections])
        chosen = digit_grid(DigitTiles(images, captions, alt="Your own digits"), key="draw_hand_grid")
    else:
        chosen = None
        st.info(
            "You have no saved digits yet. Draw one, open “Wrong? Correct it”, choose its label and save it.",
            icon=":material/draw:",
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        if corrections:
            st.markdown(f"**{count(len(corrections), 'digit')}** saved.")
        if chosen is not None:
            word = f"Delete this {captions[chosen]}"
            st.button(word, icon=":material/delete:", on_click=_try, args=(personal.delete, corrections[chosen].id))
        if corrections:
            st.download_button("Download (.npz)", personal.export, "my-hand.npz", icon=":material/download:",
                               on_click="ignore")  # fmt: skip
            st.button("Delete all", icon=":material/delete_sweep:", on_click=_try, args=(personal.clear,))
        if gone := personal.count_undoable():
            word = f"Restore {gone} digits" if gone > 1 else "Restore it"
            st.button(word, icon=":material/undo:", on_click=_try, args=(personal.undo_delete,), key="draw_hand_undo")
    _show_error()
    teaching.show(network, anything=bool(corrections))


def _ask_about_unclaimed(personal: PersonalDigits) -> None:
    """Asks once about the digits that an earlier version saved for all visitors together."""
    if not (unclaimed := personal.count_unclaimed()):
        return
    with st.container(border=True):
        one = unclaimed == 1
        st.markdown(
            f"An earlier version of Digit Lab saved **{count(unclaimed, 'digit')}** here, for all visitors together. "
            f"{'Is it' if one else 'Are they'} yours?"
        )
        with st.container(horizontal=True):
            answers = (f"{'It is' if one else 'They are'} mine", True), ("Not mine", False)
            for label, mine in answers:
                icon = f":material/{'back_hand' if mine else 'close'}:"
                st.button(label, icon=icon, on_click=_try, args=(_settle, personal), kwargs={"mine": mine})


def _save(digit: np.ndarray, label: int) -> None:
    personal = PersonalDigits(visitor())
    if personal.find(digit) is None:
        _check_digits(1)
    personal.add(digit, label)


def _settle(personal: PersonalDigits, *, mine: bool) -> None:
    if mine:
        _check_digits(personal.count_unclaimed())
    personal.settle_unclaimed(mine=mine)


def _check_digits(more: int) -> None:
    """Whether this visitor may keep so many more digits. Raises `LimitError`."""
    kept = personal_digits.counts(caches.store().home)
    Limits(server_settings.settings()).check_digits(kept.get(visitor(), 0), sum(kept.values()), more)


def _try(do: Callable[..., Any], *args: Any, **how: Any) -> None:
    """Runs the action of a button; `_show_error` shows what it refuses."""
    try:
        do(*args, **how)
    except DigitLabError as error:
        st.session_state[_ERROR] = error.sentence


def _show_error() -> None:
    if sentence := st.session_state.pop(_ERROR, ""):
        st.error(sentence, icon=":material/error:")
