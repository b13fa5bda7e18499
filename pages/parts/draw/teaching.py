"""Trains a copy of the network on the visitor's digits in a process of its own; shows accuracies before and after."""

from typing import Any

import streamlit as st

from core.drawing.personal_digits import FinetuneResult
from core.errors import DigitLabError
from core.evaluation.evaluations import TEST, VALIDATION
from core.formatting import count, duration, percent, plain
from core.jobs.admission import expected_bytes
from core.jobs.personalise import Personalisation, PersonaliseResult
from core.subprocess_task import Progress
from pages.parts.draw.network_choice import NetworkChoice
from pages.shared import caches
from pages.shared.fragments import guarded_fragment
from pages.shared.visitor import visitor

_SPLITS = {TEST: "Test set", VALIDATION: "Validation images"}
_REQUESTED = "draw_train_copy"


def show(network: NetworkChoice, *, anything: bool) -> None:
    """The button, then the progress with a Stop button, then the result. anything: there are digits to train on."""
    teaching = Personalisation(visitor(), caches.store())
    running = teaching.progress().running
    requested = st.session_state.pop(_REQUESTED, False) and anything and not running
    hint = f"Copies “{plain(network.title)}”, trains the copy on your digits and saves it as a new run."
    pressed = st.button(
        "Train a copy on them", help=hint, type="primary", icon=":material/school:", disabled=running or not anything
    )
    if pressed or requested:
        _start(teaching, network)

    @guarded_fragment(run_every=0.5 if running else None)
    def under_way() -> None:
        progress = teaching.progress()
        if running and not progress.running:
            st.rerun()  # it has ended or failed: run the page once more, without the timer
        _show_progress(teaching, progress)

    under_way()
    if result := teaching.result():
        _show_result(result)


def request() -> None:
    """For a button elsewhere on the page: opens My hand and starts the training there."""
    st.session_state[_REQUESTED] = True
    st.session_state["draw_way"] = "hand"


def _start(teaching: Personalisation, network: NetworkChoice) -> None:
    try:
        with st.spinner("Starting …"):
            caches.jobs().check_disk(expected_bytes(network.run.config))
            teaching.start(network.run.id, network.epoch)
    except DigitLabError as error:
        st.error(plain(error.sentence), icon=":material/error:")
        return
    st.rerun()


def _show_progress(teaching: Personalisation, progress: Progress) -> None:
    if progress.running:
        st.progress(progress.share, f"{plain(progress.message) or 'Starting …'} You can use other pages meanwhile.")
        st.button("Stop", icon=":material/stop:", on_click=teaching.stop, key="draw_teaching_stop")
    elif progress.error:
        st.error(f"The training failed: {plain(progress.error)}", icon=":material/error:")


def _show_result(result: PersonaliseResult) -> None:
    gain = result.gain
    with st.container(border=True):
        st.markdown(f"Before and after training a copy of “{plain(result.title)}”")
        newest, mine, others = st.columns(3)
        if gain.newest:
            label, before, after = gain.newest
            newest.metric("This digit", f"read as {after}")
            newest.caption(f"Your newest digit, a {label}. Before: read as {before}.")
        them = "it" if gain.judged == 1 else "them"
        which = f"it was not trained on {them}" if gain.held_back else f"it was trained on {them} too"
        mine.metric(
            "Others of my hand" if gain.held_back else "All my digits",
            percent(gain.mine[1], 0),
            **_points(gain.mine, 0),
        )
        mine.caption(f"Before: {percent(gain.mine[0], 0)}. On {count(gain.judged, 'digit')} of yours; {which}.")
        others.metric(_SPLITS[gain.split], percent(gain.others[1]), **_points(gain.others, 2))
        others.caption(f"Before: {percent(gain.others[0])}. On {_images(gain)}.")
        st.caption(f"The training took {duration(gain.seconds)}.")
        if any(run.id == result.run_id for run in caches.store().runs()):
            query = {"run": result.run_id}
            st.page_link("pages/draw.py", label="Draw with it", icon=":material/draw:", query_params=query)


def _images(gain: FinetuneResult) -> str:
    if gain.split == VALIDATION:
        return f"{gain.images:,} validation images, because the test set is sealed for this run"
    return f"{gain.images:,} test images"


def _points(shares: tuple[float, float], digits: int) -> dict[str, Any]:
    """The change of an accuracy for `st.metric`; no change has neither colour nor arrow."""
    points = round(100 * (shares[1] - shares[0]), digits)
    if not points:
        return {"delta": "no change", "delta_color": "off", "delta_arrow": "off"}
    return {"delta": f"{points:+.{digits}f} points"}
