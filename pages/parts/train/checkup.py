"""The check of a run's latest weights, computed once for all visitors."""

import streamlit as st

from core.errors import DigitLabError
from core.evaluation.checkup import Checkup, check, with_all_images
from core.runs.store import Run
from pages.shared import caches


def checkup(run: Run) -> Checkup:
    """The latest saved epoch of the run."""
    epochs = run.checkpoint_epochs
    found = _checkup(run.id, epochs[-1], run.epoch_path(epochs[-1]).stat().st_mtime) if epochs else Checkup()
    return with_all_images(found, run)


@st.cache_data(max_entries=200, show_spinner=False)
def _checkup(run_id: str, epoch: int, changed: float) -> Checkup:
    try:
        return check(caches.store().get(run_id), epoch, caches.data())
    except DigitLabError:
        return Checkup()  # Evaluate and Draw name a damaged file; the curves are whole
