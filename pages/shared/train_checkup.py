"""A look inside the latest weights of a run: silent neurons, and how each digit is read."""

from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from core import forward
from core.architecture import multiplications
from core.digits import CLASSES
from core.errors import DigitLabError
from core.reader import Reader
from core.runs import Run
from pages.shared import caches

MOST_IMAGES = 1000
MOST_MULTIPLICATIONS = 2e9  # about a fifth of a second in NumPy


@dataclass(frozen=True)
class Checkup:
    """`silent`: relu layer → share of units that never answer. `right` of `asked` validation images of each digit."""

    silent: dict[str, float] = field(default_factory=dict)
    right: tuple[int, ...] = ()
    asked: tuple[int, ...] = ()


def checkup(run: Run) -> Checkup:
    """The latest kept epoch of the run, looked at once for all visitors."""
    kept = run.kept_epochs
    return _checkup(run.id, kept[-1], run.epoch_path(kept[-1]).stat().st_mtime) if kept else Checkup()


@st.cache_data(max_entries=200, show_spinner=False)
def _checkup(run_id: str, epoch: int, changed: float) -> Checkup:
    run = caches.store().get(run_id)
    number = int(min(MOST_IMAGES, MOST_MULTIPLICATIONS / max(multiplications(run.config), 1)))
    asked = caches.data().validation[:number]
    try:
        seen = Reader.of(run, epoch).layers(asked.images)
    except DigitLabError:
        return Checkup()  # a damaged file is said on Evaluate and Draw; the curves are whole
    right = asked.labels[seen[-1][1].argmax(1) == asked.labels]
    return Checkup(
        forward.silent_units(seen),
        tuple(np.bincount(right, minlength=CLASSES).tolist()),
        tuple(asked.counts.tolist()),
    )
