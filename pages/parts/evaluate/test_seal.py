"""The seal on the test set: what it means, and the button that breaks it."""

import streamlit as st

from core.evaluation import evaluations
from core.runs.store import Run
from pages.shared import caches
from pages.shared.visitor import visitor


def show(run: Run) -> None:
    """Says why the test set is sealed for this run, and lets it be opened."""
    with st.container(border=True):
        st.markdown("#### :material/lock: The test set is sealed for this run")
        st.markdown(
            "While you try networks, you choose by the **validation** images, and what you choose by flatters the "
            "winner a little. The **test set** has guided no choice, so it tells honestly how the network will do on "
            "digits it has never met. Every look that leads to another choice wears that honesty out: open it when "
            "you have chosen."
        )
        if said := _so_far():
            st.markdown(said)
        if not run.has_model:
            st.info("This run has not ended yet. Let it end first; then its test figures are worth a look.")
        elif st.button("Open the test set", type="primary", icon=":material/lock_open:", key="evaluate_open"):
            evaluations.open_test_set(run)
            st.rerun()
        st.caption("It stays open for this run, and the day is written down with it.")


def _so_far() -> str:
    """For how many of the visitor's own runs the seal is broken; nothing where they have started none with a seal."""
    mine = [run for run in caches.store().runs() if run.starter == visitor() and run.config.validate_on == "held-out"]
    opened = sum(bool(evaluations.openings(run)) for run in mine)
    runs = f"{len(mine):,} runs" if len(mine) > 1 else "one run"
    return f"Of the {runs} you started in this browser it has been opened for **{opened:,}**." if mine else ""
