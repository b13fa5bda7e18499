"""The box that chooses a run, for pages that show what a network predicts."""

from contextlib import nullcontext

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.runs.store import Run
from pages.shared import caches
from pages.shared.local_time import run_title
from pages.shared.missing_runs import say_missing
from pages.shared.run_options import more_runs, run_options
from pages.shared.stable_selectbox import picked, picker
from pages.shared.visitor import marks, own


def choose_run(label: str, *, key: str, with_model: bool = True, above: DeltaGenerator | None = None) -> Run | None:
    """The run that the visitor chooses; at first that of the link (`?run=`), else their own newest finished run.

    None, after a sentence, if no run has a network. with_model: only runs that have ended with a network, not those
    that have kept epochs alone. above: where a sentence about a missing run is shown.
    """
    linked = st.query_params.get("run")
    runs = run_options(
        caches.store().runs(),
        lambda run: run.has_model or (not with_model and run.checkpoint_epochs),
        keep=(linked, picked(key)),
    )
    runs.sort(key=lambda run: (not own(run), run.shipped, not run.has_model))  # stable: the newest first in each group
    if not runs:
        st.info("No run has finished yet. Train one first: it takes a few seconds.", icon=":material/model_training:")
        st.page_link("pages/train.py", label="Go to Train", icon=":material/arrow_forward:")
        return None
    by_id = {run.id: run for run in runs}
    if key not in st.session_state and linked in by_id:
        st.session_state[key] = linked
    elif key not in st.session_state and linked:
        with above or nullcontext():
            say_missing(linked)
    labels = {run_id: run_title(by_id[run_id]) + mark for run_id, mark in marks(runs).items()}
    chosen = picker(label, labels, key=key, help=more_runs(runs))
    st.query_params["run"] = chosen
    return by_id[chosen]
