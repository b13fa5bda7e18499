"""What is said where a link names runs that the page cannot show, so that nobody takes others for them."""

import streamlit as st

from core.errors import RunError
from pages.shared import caches, url_state
from pages.shared.local_time import run_title

_MOST = 5  # sentences: a link can name hundreds


def say_missing(*run_ids: str) -> None:
    """Says of each run why it is not shown: it is gone, damaged, or has no network to ask."""
    if run_ids:
        st.warning("\n\n".join(map(_why, run_ids[:_MOST])), icon=":material/folder_off:")


def _why(run_id: str) -> str:
    try:
        run = caches.store().get(run_id)
    except RunError as error:
        return url_state.plain(str(error))
    return f"{run_title(run)} has kept no network yet. Let it train to the end of an epoch, or choose another run."
