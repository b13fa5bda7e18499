"""A study of the whole data set on a page: a button to start it, its progress with a button to cancel, the result."""

import numpy as np
import streamlit as st

from core.data.studies import Progress, Study
from core.formatting import estimate
from pages.shared.fragments import guarded_fragment


def ready(study: Study, words: str) -> dict[str, np.ndarray] | None:
    """The study's result, or None until it is computed; then the page shows the button or the progress."""
    result = study.result()
    if result is not None:
        return result
    st.markdown(words)
    running = study.progress().running

    @guarded_fragment(run_every=0.5 if running else None)
    def under_way() -> None:
        progress = study.progress()
        if running and not progress.running:
            st.rerun()  # it ended: draw the page again, without the timer
        _offer(study, progress)

    under_way()
    return None


def _offer(study: Study, progress: Progress) -> None:
    if progress.running:
        left = f", about {estimate(progress.seconds_left)} left" if progress.seconds_left is not None else ""
        st.progress(progress.share, f"{progress.share:.0%}{left}. You can use other pages meanwhile.")
        st.button("Cancel", icon=":material/stop:", on_click=study.stop, key=f"stop_{study.name}")
        return
    if progress.error:
        st.error(f"The computation failed. {progress.error}", icon=":material/error:")
    if st.button("Compute", icon=":material/play_arrow:", type="primary", key=f"start_{study.name}"):
        study.start()
        st.rerun()
