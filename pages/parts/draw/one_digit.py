"""One digit: the canvas, what the network gets of it, its answer, and what can be asked about that."""

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from core.drawing import normalise
from core.drawing.normalise import NormalisedDrawing
from core.errors import DrawingError
from pages.parts.draw import all_runs, canvas, my_hand, network_view, novelty_warning, probe, step_pictures, why
from pages.parts.draw.network_choice import Chosen, stroke_by_stroke
from pages.parts.draw.pixels import pixels
from pages.shared import caches, url_state
from pages.shared.softmax import answer, softmax_bars

KEY = "draw"
STYLE = """<style>
.st-key-answer h2 {padding-top: 0}
/* The canvas' own buttons appear above it, under the mouse and after each touch: they must not lie on the ways. */
.st-key-draw_way {margin-bottom: 1.6rem}
.st-key-draw-canvas {min-height: 282px}
.st-key-draw-canvas canvas {touch-action: none; border-radius: .6rem}
/* On a phone the answer comes next to the canvas, and the pixels that the network gets after it. */
@media (max-width: 640px) {
  .stHorizontalBlock:has(> .stColumn .st-key-answer) {gap: 1rem}
  .stColumn:has(+ .stColumn .st-key-answer) {order: 1}
}
</style>"""
VIEWS: dict[str, tuple[str, Callable[[Chosen, NormalisedDrawing, np.ndarray], None]]] = {
    "steps": ("From ink to digit", step_pictures.show),
    "why": ("Why", why.show),
    "probe": ("Probe", probe.show),
    "everyone": ("Every run", all_runs.show),
    "network": ("Network", network_view.show),
}


@stroke_by_stroke
def show(network: Chosen) -> None:
    """Canvas and answer; a stroke runs only this again."""
    under = _sent()
    left, middle, right = st.columns([3, 2, 4], gap="large")
    with left:
        rgba = canvas.canvas(key=KEY, under=under)
    options = step_pictures.options()
    try:
        if rgba is None:
            raise DrawingError("Draw a digit from 0 to 9 on the black square, as large as you like.")
        if under is not None and not canvas.drawn(KEY) and options == normalise.MNIST_OPTIONS:
            drawn = NormalisedDrawing(under, [("As it is in MNIST", under)])  # nothing to bring into MNIST's form
        else:
            drawn = normalise.to_digit(rgba, options)
    except DrawingError as error:
        with right, st.container(key="answer"):
            st.info(str(error), icon=":material/draw:")
        return
    reply(network, drawn, middle, right)


def reply(network: Chosen, drawn: NormalisedDrawing, middle: Any, right: Any) -> None:
    """The digit in the column `middle`, the network's answer in `right`, and more about it below."""
    probabilities = network.probabilities(drawn.digit)
    with middle:
        caption = "What the network gets:\n28×28 pixels, this very array."
        pixels([(drawn.digit, caption, "The 28 by 28 pixels that the network gets")], height=196)
    with right, st.container(key="answer"):
        st.subheader(answer(probabilities), anchor=False)
        softmax_bars(probabilities)
        novelty_warning.warn(novelty_warning.judge(drawn.digit))
        my_hand.correct(drawn.digit, int(probabilities.argmax()))
    _more(network, drawn, probabilities)


def _more(network: Chosen, drawn: NormalisedDrawing, probabilities: np.ndarray) -> None:
    view = st.segmented_control(
        "More about this answer",
        list(VIEWS),
        format_func=lambda name: VIEWS[name][0],
        default="steps",
        required=True,
        key="draw_view",
        label_visibility="collapsed",
    )
    VIEWS[view][1](network, drawn, probabilities)


def _sent() -> np.ndarray | None:
    """The digit another page sent here, `?send=train:2000`: it lies under the pen until it is taken away."""
    sent = st.query_params.get("send")
    if not sent:
        return None
    split, _, index = sent.partition(":")
    digits = {"train": caches.data().training, "validation": caches.data().validation, "test": caches.data().test}
    if split not in digits or url_state.number(index, len(digits[split])) is None:
        received = sent if len(sent) < 30 else f"{sent[:30]}…"
        st.warning(
            f"There is no digit to send by that link. Received: {url_state.plain(repr(received))}. Draw one.",
            icon=":material/link_off:",
        )
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"From Explore: {split} digit {index}, a {digits[split].labels[int(index)]}. Draw over it if you like."
        )
        st.button("Take it away", on_click=_take_away, type="tertiary", icon=":material/close:")
    return digits[split].images[int(index)]


def _take_away() -> None:
    st.query_params.pop("send", None)
    canvas.clear(KEY)
