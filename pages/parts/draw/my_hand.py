"""My hand: the digits a visitor told the right answer of are collected, looked at, exported and forgotten."""

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from core.digits import NUM_CLASSES
from core.drawing.personal_digits import PersonalDigits
from core.errors import DigitLabError
from pages.parts.draw import teaching
from pages.parts.draw.network_choice import Chosen
from pages.shared.digit_grid import digit_grid
from pages.shared.visitor import visitor

_SAID, _REFUSED = "draw_said", "draw_refused"


def correct(digit: np.ndarray, predicted: int) -> None:
    """Lets the visitor say what the drawn digit is; it is kept for `show`."""
    known = PersonalDigits(visitor()).find(digit)
    with st.popover("Wrong? Teach it", icon=":material/back_hand:"):
        said = st.segmented_control("That was a", range(NUM_CLASSES), key=f"{_SAID}_{predicted}")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Keep it as mine",
                icon=":material/save:",
                disabled=said is None or (known is not None and known.label == said),
                on_click=_try,
                args=(PersonalDigits(visitor()).add, digit, said),
                help="Kept on this machine only; see “My hand”.",
            )
            if known:  # here, where the visitor looks: what stands below is covered
                st.success(f"Kept as a {known.label} of your hand.", icon=":material/check:")
        _refused()


def show(network: Chosen) -> None:
    """What is kept, and the button that teaches it."""
    hand = PersonalDigits(visitor())
    st.markdown(
        "Draw, say what it was, and collect **your own digits** here; other visitors do not see them. Then teach a "
        "copy of the network with them: it takes seconds, and you see what was gained on your hand and what was lost "
        "on everybody else's."
    )
    _earlier(hand)
    kept = hand.all()
    if kept:
        captions = [str(one.label) for one in kept]
        images = np.stack([one.image for one in kept])
        chosen = digit_grid(images, captions, key="draw_hand_grid", alt="Your own digits")
    else:
        chosen = None
        st.info("Nothing is kept yet. Draw a digit, open “Wrong? Teach it” and say what it is.", icon=":material/draw:")
    with st.container(horizontal=True, vertical_alignment="center"):
        if kept:
            st.markdown(f"**{len(kept)}** kept.")
        if chosen is not None:
            word = f"Forget this {captions[chosen]}"
            st.button(word, icon=":material/delete:", on_click=_try, args=(hand.delete, kept[chosen].id))
        if kept:
            st.download_button("Export (.npz)", hand.export, "my-hand.npz", icon=":material/download:",
                               on_click="ignore")  # fmt: skip
            st.button("Forget all", icon=":material/delete_sweep:", on_click=_try, args=(hand.clear,))
        if gone := hand.count_undoable():
            word = f"Bring {gone} back" if gone > 1 else "Bring it back"
            st.button(word, icon=":material/undo:", on_click=_try, args=(hand.undo_delete,), key="draw_hand_undo")
    _refused()
    teaching.show(network, anything=bool(kept))


def _earlier(hand: PersonalDigits) -> None:
    """Asks once whose the digits are that an earlier version kept for all visitors together."""
    if not (count := hand.count_unclaimed()):
        return
    with st.container(border=True):
        one = count == 1
        st.markdown(
            f"An earlier version of Digit Lab kept **{count} digit{'' if one else 's'}** here, in one hand for all "
            f"visitors. {'Is it' if one else 'Are they'} yours?"
        )
        with st.container(horizontal=True):
            answers = (f"{'It is' if one else 'They are'} mine", True), ("Not mine", False)
            for label, mine in answers:
                icon = f":material/{'back_hand' if mine else 'close'}:"
                st.button(label, icon=icon, on_click=_try, args=(hand.settle_unclaimed,), kwargs={"mine": mine})


def _try(do: Callable[..., Any], *args: Any, **how: Any) -> None:
    """Does what a button asks of the hand. What is refused is said where `_refused` stands."""
    try:
        do(*args, **how)
    except DigitLabError as error:
        st.session_state[_REFUSED] = str(error)


def _refused() -> None:
    if said := st.session_state.pop(_REFUSED, ""):
        st.error(said, icon=":material/error:")
