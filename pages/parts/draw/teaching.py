"""Teaches a copy of the network the visitor's hand, beside the server, and shows what was gained and what it cost."""

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
    """The button, then the progress with a way to stop, then the gain. `anything`: there are digits to teach."""
    teaching = Personalisation(visitor(), caches.store())
    running = teaching.progress().running
    word = f"Teach a copy of “{network.title}”"
    if st.button(word, type="primary", icon=":material/school:", disabled=running or not anything):
        _start(teaching, network)

    @guarded_fragment(run_every=0.5 if running else None)
    def under_way() -> None:
        progress = teaching.progress()
        if running and not progress.running:
            st.rerun()  # it has ended, well or not: draw the page once more, without the timer
        _tell(teaching, progress)

    under_way()
    if taught := teaching.result():
        _report(taught)


def _start(teaching: Personalisation, network: Chosen) -> None:
    try:
        with st.spinner("Beginning …"):
            teaching.start(network.run.id, network.epoch)
    except DigitLabError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.rerun()


def _tell(teaching: Personalisation, progress: Progress) -> None:
    if progress.running:
        st.progress(progress.share, f"{progress.message or 'Beginning …'} You can go to other pages meanwhile.")
        st.button("Stop", icon=":material/stop:", on_click=teaching.stop, key="draw_teaching_stop")
    elif progress.error:
        st.error(f"It did not succeed: {progress.error}", icon=":material/error:")


def _report(taught: PersonaliseResult) -> None:
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
