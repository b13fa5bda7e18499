"""Trains a copy of the network on the visitor's digits in a process of its own; shows accuracies before and after."""

from typing import Any

import streamlit as st

from core.drawing.personal_digits import FinetuneResult
from core.errors import DigitLabError
from core.evaluation.evaluations import VALIDATION
from core.jobs.personalise import Personalisation, PersonaliseResult
from core.subprocess_task import Progress
from pages.parts.draw.network_choice import Chosen
from pages.shared import caches
from pages.shared.fragments import guarded_fragment
from pages.shared.visitor import visitor


def show(network: Chosen, *, anything: bool) -> None:
    """The button, then the progress with a Stop button, then the result. anything: there are digits to train on."""
    teaching = Personalisation(visitor(), caches.store())
    running = teaching.progress().running
    hint = f"Copies “{network.title}”, trains the copy on your digits and saves it as a new run."
    if st.button(
        "Train a copy on them", help=hint, type="primary", icon=":material/school:", disabled=running or not anything
    ):
        _start(teaching, network)

    @guarded_fragment(run_every=0.5 if running else None)
    def under_way() -> None:
        progress = teaching.progress()
        if running and not progress.running:
            st.rerun()  # it has ended or failed: run the page once more, without the timer
        _show_progress(teaching, progress)

    under_way()
    if taught := teaching.result():
        _show_result(taught)


def _start(teaching: Personalisation, network: Chosen) -> None:
    try:
        with st.spinner("Starting …"):
            teaching.start(network.run.id, network.epoch)
    except DigitLabError as error:
        st.error(error.sentence, icon=":material/error:")
        return
    st.rerun()


def _show_progress(teaching: Personalisation, progress: Progress) -> None:
    if progress.running:
        st.progress(progress.share, f"{progress.message or 'Starting …'} You can use other pages meanwhile.")
        st.button("Stop", icon=":material/stop:", on_click=teaching.stop, key="draw_teaching_stop")
    elif progress.error:
        st.error(f"The training failed: {progress.error}", icon=":material/error:")


def _show_result(taught: PersonaliseResult) -> None:
    gain = taught.gain
    with st.container(border=True):
        st.markdown(f"What a copy of “{taught.title}” has learned")
        mine, others, seconds = st.columns(3)
        which = "your digits that it was not taught" if gain.held_back else "the very digits it was taught"
        mine.metric("My hand", f"{gain.mine[1]:.0%}", **_points(gain.mine, 0))
        mine.caption(f"On {gain.judged} of {which}.")
        others.metric("Everybody else's", f"{gain.others[1]:.2%}", **_points(gain.others, 2))
        others.caption(f"On {_images(gain)}: what the new has cost.")
        seconds.metric("Took", f"{gain.seconds:.1f} s")
        if any(run.id == taught.run_id for run in caches.store().runs()):
            query = {"run": taught.run_id}
            st.page_link("pages/draw.py", label="Draw with it", icon=":material/draw:", query_params=query)


def _images(gain: FinetuneResult) -> str:
    if gain.split == VALIDATION:
        return f"{gain.images:,} validation images, as the test set is sealed for this run"
    return f"{gain.images:,} test images"


def _points(shares: tuple[float, float], digits: int) -> dict[str, Any]:
    """What was gained, as a metric shows it; nothing gained has neither colour nor arrow."""
    points = round(100 * (shares[1] - shares[0]), digits)
    if not points:
        return {"delta": "no change", "delta_color": "off", "delta_arrow": "off"}
    return {"delta": f"{points:+.{digits}f} points"}
