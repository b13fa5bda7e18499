"""Teach it my hand: corrections are collected, looked at, exported and deleted, and a copy of a run is taught them."""

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from core.digits import CLASSES
from core.errors import DigitLabError
from core.hand import Hand
from pages.shared import caches
from pages.shared.digit_grid import digit_grid
from pages.shared.draw_network import Chosen

JUDGED = 3000  # test images that show what was forgotten; all 10,000 take a convolution too long
_SAID, _GAIN, _TOLD = "draw_said", "draw_gain", "draw_told"


def correct(digit: np.ndarray, predicted: int) -> None:
    """Lets the visitor say what the drawn digit is; it is kept for `show`."""
    with st.popover("Wrong? Teach it", icon=":material/back_hand:"):
        said = st.segmented_control("That was a", range(CLASSES), key=f"{_SAID}_{predicted}")
        st.button(
            "Keep it as mine",
            icon=":material/save:",
            disabled=said is None,
            on_click=_keep,
            args=(digit, said),
            help="Kept on this machine only; see “My hand”.",
        )
    if told := st.session_state.pop(_TOLD, ""):
        st.caption(told)


def show(network: Chosen) -> None:
    """What is kept, and the button that teaches it."""
    kept = _hand().all()
    st.markdown(
        "Draw, say what it was, and collect **your own digits** here. Then teach a copy of the network with them: it "
        "takes seconds, and you see what was gained on your hand and what was lost on everybody else's."
    )
    if not kept:
        st.info("Nothing is kept yet. Draw a digit, open “Wrong? Teach it” and say what it is.", icon=":material/draw:")
        return
    captions = [str(one.label) for one in kept]
    chosen = digit_grid(np.stack([one.image for one in kept]), captions, key="draw_hand_grid", alt="Your own digits")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(kept)}** kept.")
        if chosen is not None:
            name = kept[chosen].id
            st.button(
                f"Delete this {captions[chosen]}", icon=":material/delete:", on_click=_hand().delete, args=(name,)
            )
        st.download_button("Export (.npz)", _hand().export(), "my-hand.npz", icon=":material/download:")
        with st.popover("Delete all", icon=":material/delete_forever:"):
            st.button(f"Yes, forget all {len(kept)}", on_click=_hand().clear)
    if st.button(f"Teach a copy of “{network.title}”", type="primary", icon=":material/school:"):
        _teach(network)
    _report()


def _keep(digit: np.ndarray, label: int) -> None:
    try:
        _hand().add(digit, label)
        st.session_state[_TOLD] = f"Kept as a {label} of your hand."
    except DigitLabError as error:
        st.session_state[_TOLD] = str(error)


def _teach(network: Chosen) -> None:
    bar = st.progress(0.0, "Waking Keras, which teaches; the first time that takes some seconds …")
    caches.wake_keras()
    bar.progress(0.0, "Asking the network as it is …")
    from core import finetune

    data, mine = caches.data(), _hand().digits()
    try:
        model, gain = finetune.teach(
            network.reader,
            mine,
            data.train,
            data.test[:JUDGED],
            progress=lambda share: bar.progress(share * 0.9, "Learning your hand, and going over the old digits …"),
        )
        run = finetune.keep(caches.store(), network.run, model, gain, len(mine))
        st.session_state[_GAIN] = (replace(gain), run.id)
    except DigitLabError as error:
        st.error(str(error), icon=":material/error:")
    bar.empty()


def _report() -> None:
    if _GAIN not in st.session_state:
        return
    gain, run_id = st.session_state[_GAIN]
    with st.container(border=True):
        mine, test, seconds = st.columns(3)
        which = "your digits that it was not taught" if gain.held_back else "the very digits it was taught"
        mine.metric("My hand", f"{gain.mine[1]:.0%}", **_points(gain.mine, 0))
        mine.caption(f"On {gain.judged} of {which}.")
        test.metric("Everybody else's", f"{gain.test[1]:.2%}", **_points(gain.test, 2))
        test.caption(f"On {JUDGED:,} test images: what the new has cost.")
        seconds.metric("Took", f"{gain.seconds:.1f} s")
        st.page_link("pages/draw.py", label="Draw with it", icon=":material/draw:", query_params={"run": run_id})


def _points(shares: tuple[float, float], digits: int) -> dict[str, Any]:
    """What was gained, as a metric shows it; nothing gained has neither colour nor arrow."""
    points = round(100 * (shares[1] - shares[0]), digits)
    if not points:
        return {"delta": "no change", "delta_color": "off", "delta_arrow": "off"}
    return {"delta": f"{points:+.{digits}f} points"}


def _hand() -> Hand:
    return Hand()
