"""What only the teacher may do: stop all runs, empty the trash, and clear drawings."""

import streamlit as st

from core.classroom import names
from core.drawing import personal_digits
from core.errors import DigitLabError
from core.formatting import count, file_size, plain
from core.runs import trash
from pages.shared import caches
from pages.shared.visitor import current

_DONE = "server_done"  # session
_ALL = "all visitors"


def show() -> None:
    """Draws the buttons."""
    st.header("Upkeep", anchor=False)
    if done := st.session_state.pop(_DONE, None):
        st.info(plain(done), icon=":material/info:")
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        active = len(caches.store().active())
        with st.popover("Stop all runs", icon=":material/stop:", disabled=not active):
            st.markdown(
                f"In training or waiting: {count(active, 'run')}. Those that train keep their weights. New ones "
                "that wait go to the trash."
            )
            st.button("Stop them", type="primary", on_click=_stop_all)
        deleted = trash.deleted_by(None, caches.store().trash)
        st.button(
            f"Empty the trash of all: {count(len(deleted), 'run')}, {file_size(trash.size(deleted))}",
            icon=":material/delete_forever:", disabled=not deleted, on_click=_empty_trash,
        )  # fmt: skip
        _drawings()
    st.caption("On Train and Compare you can stop, rename and delete each run, and cancel each sweep.")


def _drawings() -> None:
    home = caches.store().home
    kept = personal_digits.counts(home)
    with st.popover("Clear drawings", icon=":material/ink_eraser:", disabled=not kept):
        called = names.all_names(home)

        def title(visitor: str) -> str:
            if visitor == _ALL:
                return f"All visitors ({count(sum(kept.values()), 'drawing')})"
            name = called.get(visitor) or names.pseudonym(visitor)
            return f"{name} ({count(kept.get(visitor, 0), 'drawing')})"

        whose = st.selectbox("Whose drawings", [_ALL, *kept], format_func=title, key="server_drawings")
        st.button("Delete them for good", type="primary", on_click=_clear, args=(whose,))


def _stop_all() -> None:
    me, stopped = current(), 0
    # Those that train last: the device of a run that stops goes to the next one at once.
    for run in reversed(caches.store().active()):
        try:
            caches.jobs().stop(run.id, visitor=me)
            stopped += 1
        except DigitLabError as error:
            st.session_state[_DONE] = error.sentence
            return
    st.session_state[_DONE] = f"{count(stopped, 'run')} stopped."


def _empty_trash() -> None:
    if current().is_teacher:
        trash.delete_for_good(trash.deleted_by(None, caches.store().trash))
        st.session_state[_DONE] = "The trash is empty."


def _clear(whose: str) -> None:
    home = caches.store().home
    kept = personal_digits.counts(home)
    if current().is_teacher:
        personal_digits.delete_for_good(kept if whose == _ALL else [whose], home)
        st.session_state[_DONE] = "The drawings are deleted."
