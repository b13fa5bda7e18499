"""Offers a study of the whole data set: a button to begin, its progress with a way to stop, then the result."""

import numpy as np
import streamlit as st

from core.data.studies import Progress, Study
from pages.shared.fragments import guarded_fragment


def ready(study: Study, words: str) -> dict[str, np.ndarray] | None:
    """The study's result, or None while it has to be worked out, which is then offered or shown."""
    result = study.result()
    if result is not None:
        return result
    st.markdown(words)
    running = study.progress().running

    @guarded_fragment(run_every=0.5 if running else None)
    def under_way() -> None:
        progress = study.progress()
        if running and not progress.running:
            st.rerun()  # it has ended, well or not: draw the page once more, without the timer
        _offer(study, progress)

    under_way()
    return None


def _offer(study: Study, progress: Progress) -> None:
    if progress.running:
        left = f", about {progress.seconds_left:.0f} s left" if progress.seconds_left is not None else ""
        st.progress(progress.share, f"{progress.share:.0%}{left}. You can go to other pages meanwhile.")
        st.button("Stop", icon=":material/stop:", on_click=study.stop, key=f"stop_{study.name}")
        return
    if progress.error:
        st.error(f"It did not succeed: {progress.error}", icon=":material/error:")
    if st.button("Work it out", icon=":material/play_arrow:", type="primary", key=f"start_{study.name}"):
        study.start()
        st.rerun()
