"""The note beside figures of a network whose training images may be among those in use."""

import streamlit as st

from core.errors import RunError
from core.evaluation import evaluations
from core.runs.store import Run
from pages.shared import caches


def note(runs: dict[str, Run]) -> None:
    """Names those of `runs` (who, as a sentence names it → run) that were trained on another part of MNIST."""
    found = [who for who, run in runs.items() if may_have_seen(run)]
    if not found:
        return
    rest = (
        "was trained on another part of MNIST. It may have seen some of these images, so its accuracy here may be too "
        "high."
    )
    if len(found) > 1:
        rest = (
            "were trained on another part of MNIST. They may have seen some of these images, so their accuracy here "
            "may be too high."
        )
    st.caption(f":material/warning: {' and '.join(found)} {rest}")


def may_have_seen(run: Run) -> bool:
    """Whether a run was trained on another part of MNIST than the one in use."""
    try:
        return evaluations.trained_on_other_subset(run, caches.data())
    except RunError:  # a set that is no part of MNIST: its predictions are refused
        return False
