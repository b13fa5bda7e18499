"""A look inside the latest weights of a run: silent neurons, and how each digit is read.

While it trains some images must do, for it needs the processor. How a run that has ended reads all of them is kept.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import streamlit as st

from core.digits import NUM_CLASSES
from core.errors import DigitLabError
from core.evaluation import evaluations
from core.network import forward
from core.network.architecture import multiplications
from core.network.numpy_network import Reader
from core.runs.store import Run
from pages.shared import caches

MOST_IMAGES = 1000
MOST_MULTIPLICATIONS = 2e9  # about a fifth of a second in NumPy


@dataclass(frozen=True)
class Checkup:
    """`silent`: relu layer → share of units that never answer. `right` of `asked` images of each digit of `split`."""

    silent: dict[str, float] = field(default_factory=dict)
    right: tuple[int, ...] = ()
    asked: tuple[int, ...] = ()
    split: str = evaluations.VALIDATION


def checkup(run: Run) -> Checkup:
    """The latest kept epoch of the run, looked at once for all visitors."""
    kept = run.kept_epochs
    seen = _checkup(run.id, kept[-1], run.epoch_path(kept[-1]).stat().st_mtime) if kept else Checkup()
    split = evaluations.usual_split(run)
    if (whole := evaluations.kept_evaluation(run, split)) is None:
        return seen
    right, asked = np.diag(whole.counts).tolist(), whole.support.tolist()
    return replace(seen, right=tuple(right), asked=tuple(asked), split=split)


@st.cache_data(max_entries=200, show_spinner=False)
def _checkup(run_id: str, epoch: int, changed: float) -> Checkup:
    run = caches.store().get(run_id)
    number = int(min(MOST_IMAGES, MOST_MULTIPLICATIONS / max(multiplications(run.config), 1)))
    split = evaluations.usual_split(run)  # without held-out images, those of validation are trained on
    asked = caches.data().split(split)[:number]
    try:
        seen = Reader.of(run, epoch).layers(asked.images)
    except DigitLabError:
        return Checkup()  # a damaged file is said on Evaluate and Draw; the curves are whole
    right = asked.labels[seen[-1][1].argmax(1) == asked.labels]
    return Checkup(
        forward.silent_units(seen),
        tuple(np.bincount(right, minlength=NUM_CLASSES).tolist()),
        tuple(asked.counts.tolist()),
        split,
    )
