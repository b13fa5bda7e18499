"""The picker of a finished run, which every page that asks a network something has."""

from contextlib import nullcontext

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.runs.store import Run
from pages.shared import caches
from pages.shared.local_time import run_title
from pages.shared.missing_runs import say_missing
from pages.shared.stable_selectbox import picker


def choose_run(label: str, *, key: str, with_model: bool = True, above: DeltaGenerator | None = None) -> Run | None:
    """The run the visitor picks, newest first; `?run=` in the link picks it. None if there is none, which is said, as
    it is where the link's run is not among them. above: where that stands; where the picker does unless told.
    """
    runs = [run for run in caches.store().runs() if run.has_model or not with_model]
    if not runs:
        st.info("No run has finished yet. Train one first; it takes a few seconds.", icon=":material/model_training:")
        st.page_link("pages/train.py", label="Go to Train", icon=":material/arrow_forward:")
        return None
    by_id = {run.id: run for run in runs}
    linked = st.query_params.get("run")
    if key not in st.session_state and linked in by_id:
        st.session_state[key] = linked
    elif key not in st.session_state and linked:
        with above or nullcontext():
            say_missing(linked)
    chosen = picker(label, {run.id: run_title(run) for run in runs}, key=key)
    st.query_params["run"] = chosen
    return by_id[chosen]
