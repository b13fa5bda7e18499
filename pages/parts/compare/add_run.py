"""Adds a run from a file: the ZIP of a download, or somebody else's network as `.keras`."""

import streamlit as st

from core.errors import DigitLabError
from core.formatting import plain
from core.jobs import run_import
from pages.parts.compare import run_rows
from pages.shared import caches, uploads
from pages.shared.local_time import run_title
from pages.shared.visitor import visitor

_MAX_MEGABYTES = 1024
_TIMES, _DONE, _PROBLEM = "compare_added", "compare_added_run", "compare_add_problem"  # session
_FIND_OUT = "Find out"


def menu() -> None:
    """A menu with the box for the file."""
    times = st.session_state.get(_TIMES, 0)  # a new key empties the box after a file was added
    with st.popover("Add a run", icon=":material/upload_file:", key=f"compare_add_{times}"):
        st.markdown("Drop the ZIP of a run that you downloaded, or a network that Keras saved as `.keras`.")
        file = uploads.box(
            "A run (.zip) or a network (.keras)",
            ["zip", "keras"],
            megabytes=_MAX_MEGABYTES,
            key=f"compare_add_file_{times}",
        )
        scaling = _FIND_OUT
        if file is not None and file.name.lower().endswith(".keras"):
            scaling = st.selectbox(
                "Its input",
                [_FIND_OUT, *run_import.SCALINGS],
                key=f"compare_add_scaling_{times}",
                help="What the network was trained on. Find out: it predicts validation images with each scaling, and "
                "the best one is used.",
            )
        if st.button(
            "Add", type="primary", icon=":material/add:", disabled=file is None, key=f"compare_add_now_{times}"
        ):
            assert file is not None
            with st.spinner("Checking the file and writing the network …"):
                _add(file.name, file.getvalue(), "" if scaling == _FIND_OUT else scaling)
            st.rerun()
        st.caption("The file is read as data. Nothing in it is executed. The run belongs to you.")


def say_result() -> None:
    """What became of the last file, with links to the new run."""
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(plain(problem), icon=":material/error:")
    run_id, sentence = st.session_state.pop(_DONE, ("", ""))
    if not run_id:
        return
    st.success(plain(sentence), icon=":material/check:")
    with st.container(horizontal=True, gap="medium"):
        st.page_link("pages/draw.py", label="Draw a digit", icon=":material/draw:", query_params={"run": run_id})
        st.page_link("pages/evaluate.py", label="Evaluate", icon=":material/fact_check:", query_params={"run": run_id})


def adopt_unpacked() -> None:
    """Makes runs of the downloads that somebody unpacked in the folder of runs."""
    try:
        for found in run_import.adopt_unpacked(caches.store()):
            st.success(plain(f"{run_title(found.run)} was unpacked in the folder of runs. {found.sentence}"))
    except DigitLabError as error:
        st.warning(plain(f"A download that was unpacked in the folder of runs is not used. {error.sentence}"))


def _add(name: str, content: bytes, scaling: str) -> None:
    try:
        caches.jobs().check_disk(len(content))
        found = run_import.import_file(caches.store(), name, content, caches.data(), visitor=visitor(), scaling=scaling)
    except DigitLabError as error:
        st.session_state[_PROBLEM] = error.sentence
        return
    st.session_state[_TIMES] = st.session_state.get(_TIMES, 0) + 1
    st.session_state[_DONE] = (found.run.id, found.sentence)
    shown = st.session_state.get(run_rows.CHOSEN, [])
    run_rows.choose([found.run.id, *(run for run in shown if run != found.run.id)])
