"""The check of a run's latest weights, computed once for all visitors.

While the run trains, the check may be some seconds old, and nobody waits for the next one.
"""

import threading
import time
from dataclasses import dataclass, field

import streamlit as st

from core.errors import DigitLabError
from core.evaluation.checkup import Checkup, check, with_all_images
from core.runs.store import Run
from pages.shared import caches

MIN_SECONDS = 5.0  # between two checks of a run that trains: each takes a tenth of a second from the training


def checkup(run: Run) -> Checkup:
    """The latest saved epoch of the run."""
    epochs = run.checkpoint_epochs
    if not epochs:
        return with_all_images(Checkup(), run)
    wanted = epochs[-1], run.epoch_path(epochs[-1]).stat().st_mtime
    latest = _latest(run.path)
    active = run.active
    is_recent = time.monotonic() - latest.at < MIN_SECONDS if active else latest.of == wanted
    if not is_recent and latest.computing.acquire(blocking=latest.of is None or not active):
        try:
            if latest.of != wanted:
                latest.found, latest.of = _check(run, wanted[0]), wanted
            latest.at = time.monotonic()
        finally:
            latest.computing.release()
    return with_all_images(latest.found, run)


@dataclass
class _Latest:
    """The newest check of a run, of which epoch it is, and when it was made by a clock that is never set back."""

    found: Checkup = field(default_factory=Checkup)
    of: tuple[int, float] | None = None
    at: float = -MIN_SECONDS
    computing: threading.Lock = field(default_factory=threading.Lock)


@st.cache_resource(max_entries=200, show_spinner=False)
def _latest(path: str) -> _Latest:
    return _Latest()


def _check(run: Run, epoch: int) -> Checkup:
    try:
        return check(run, epoch, caches.data())
    except DigitLabError:
        return Checkup()  # Evaluate and Draw name a damaged file; the curves are whole
