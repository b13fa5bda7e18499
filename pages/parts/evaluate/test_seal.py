"""The sealed test set: why it is sealed, and the button that opens it."""

from collections.abc import Callable

import streamlit as st

from core.evaluation import seal
from core.runs.store import Run
from pages.shared import caches
from pages.shared.visitor import visitor


def show(run: Run, on_open: Callable[[], None]) -> None:
    """Explains why the test set is sealed for this run, and offers to open it. on_open: called when it has opened."""
    with st.container(border=True):
        st.header(":material/lock: The test set is sealed for this run", anchor=False)
        st.markdown(
            "While you try networks, you choose by **validation** accuracy, so the winner's validation accuracy is "
            "a little too high. The **test set** has guided no choice, so it shows how the network does on new digits. "
            "Each look that leads to another choice makes it less honest. Open it when you have chosen."
        )
        if opened := _so_far():
            st.markdown(opened)
        if not run.has_model:
            st.info("This run has not finished. Wait until it has, then open the test set.")
        elif st.button("Open the test set", type="primary", icon=":material/lock_open:", key="evaluate_open"):
            seal.open_test_set(run)
            on_open()
            st.rerun()
        st.caption("It stays open for this run, and the date is kept with the run.")


def _so_far() -> str:
    """For how many of the visitor's own runs the test set is open; empty if they have no such run."""
    me = visitor()
    mine = [run for run in caches.store().runs() if run.starter == me and run.config.holds_out]
    opened = sum(bool(seal.test_set_openings(run)) for run in mine)
    runs = f"{len(mine):,} runs" if len(mine) > 1 else "one run"
    return f"You have opened it for **{opened:,}** of the {runs} that you started in this browser." if mine else ""
