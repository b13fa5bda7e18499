"""What a page says if a link names runs that it cannot show, so that nobody mistakes other runs for them."""

import streamlit as st

from core.errors import RunError
from core.formatting import plain
from pages.shared import caches
from pages.shared.local_time import run_title

_MAX_SENTENCES = 5  # a link can name hundreds of runs


def say_missing(*run_ids: str) -> None:
    """Says for each run why it is not shown: it is deleted, damaged, or has no network yet."""
    if run_ids:
        st.warning("\n\n".join(map(_why, run_ids[:_MAX_SENTENCES])), icon=":material/folder_off:")


def _why(run_id: str) -> str:
    try:
        run = caches.store().get(run_id)
    except RunError as error:
        return plain(error.sentence)
    if run.is_opened_network:  # it has a network, and nothing from a training that could be played
        return f"{plain(run_title(run))} was opened from a file, so it has no film. Choose another run."
    return f"{plain(run_title(run))} has no network yet. Let it finish an epoch, or choose another run."
