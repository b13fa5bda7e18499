"""What the class board calls a visitor: their name, if they want it there, or a pseudonym."""

import streamlit as st

from core.classroom import board_names, names
from core.errors import DigitLabError
from core.formatting import plain
from pages.shared import caches, login
from pages.shared.visitor import visitor

_NAME, _SHOWN, _PROBLEM = "board_name", "board_name_shown", "board_name_problem"  # session


def show() -> None:
    """Says who the visitor is on the board, and lets them change it."""
    home, me = caches.store().home, visitor()
    shown = board_names.BoardNames(home).shown(me)
    with st.popover(f"On the board you are {plain(shown)}", icon=":material/badge:", width="content"):
        st.session_state.setdefault(_NAME, names.name_of(home, me))
        st.session_state.setdefault(_SHOWN, board_names.shows_name(home, me))
        st.text_input(
            "Your name for the class",
            max_chars=names.MAX_NAME,
            key=_NAME,
            help="Your teacher can see it.",
            disabled=bool(login.user()),  # then the login gives it
        )
        st.toggle("Show it on the class board", key=_SHOWN)
        st.caption(f"Otherwise the board calls you {plain(names.pseudonym(me))}.")
        st.button("Save", on_click=_save, key="save_board_name")
        if problem := st.session_state.pop(_PROBLEM, ""):
            st.error(plain(problem), icon=":material/error:")


def _save() -> None:
    home, me = caches.store().home, visitor()
    try:
        if not login.user():
            names.give(home, me, str(st.session_state.get(_NAME, "")))
        board_names.show_name(home, me, bool(st.session_state.get(_SHOWN, False)))
    except DigitLabError as error:
        st.session_state[_PROBLEM] = error.sentence
