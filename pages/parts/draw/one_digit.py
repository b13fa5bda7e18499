"""One digit: the canvas, the network's input, its prediction, and views that explain it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from core.drawing import normalise
from core.drawing.normalise import NormalisedDrawing
from core.drawing.novelty import NoveltyResult
from core.errors import DrawingError
from core.formatting import plain
from pages.parts.draw import (
    all_runs,
    canvas,
    live_ink,
    my_hand,
    network_view,
    novelty_warning,
    probe,
    several_digits,
    step_pictures,
    why,
)
from pages.parts.draw.network_choice import NetworkChoice, rerun_on_stroke
from pages.parts.draw.pixels import pixels
from pages.shared import caches, url_state
from pages.shared.softmax import answer, softmax_bars

KEY = "draw"
STYLE = """<style>
.st-key-answer h2 {padding-top: 0}
/* The canvas' own buttons appear above it, under the mouse and after each touch: they must not cover the choice. */
.stMainBlockContainer:has([class*="-canvas"]) .st-key-draw_way {margin-bottom: 2.6rem}
.stHorizontalBlock:has(> .stColumn .st-key-answer) {flex-wrap: wrap}
.stColumn:has(.st-key-draw-canvas) {min-width: min(100%, 18rem); max-width: 28rem}
.stColumn:has(+ .stColumn .st-key-answer) {min-width: 12.5rem}
.stColumn:has(.st-key-answer) {min-width: min(100%, 16rem)}
/* On a phone the prediction follows the canvas, and the network's input follows the prediction. */
@media (max-width: 640px) {
  .stHorizontalBlock:has(> .stColumn .st-key-answer) {gap: 1rem}
  .stColumn:has(+ .stColumn .st-key-answer) {order: 1}
}
</style>"""
VIEWS: dict[str, tuple[str, Callable[[NetworkChoice, NormalisedDrawing, np.ndarray], None]]] = {
    "steps": ("From ink to digit", step_pictures.show),
    "why": ("Why", why.show),
    "probe": ("Probe", probe.show),
    "everyone": ("All runs", all_runs.show),
    "network": ("Network", network_view.show),
}


@rerun_on_stroke
def show(network: NetworkChoice) -> None:
    """Canvas and prediction; a stroke reruns only this."""
    under = _sent()
    left, middle, right = st.columns([4, 2, 4], gap="large")
    with left:
        rgba = canvas.canvas(key=KEY, under=under)
    options = step_pictures.options()
    with right:
        live_ink.show(network, KEY, options)
    try:
        if rgba is None:
            raise DrawingError("Draw a digit from 0 to 9 on the black square. Any size works.")
        if under is not None and not canvas.drawn(KEY) and options == normalise.MNIST_OPTIONS:
            drawn = NormalisedDrawing(under, [("As it is in MNIST", under)])  # it has MNIST's form already
        else:
            drawn = normalise.to_digit(rgba, options)
    except DrawingError as error:
        with right, st.container(key="answer"):
            st.info(error.sentence, icon=":material/draw:")
        return
    verdict = novelty_warning.check_novelty(drawn.digit)
    if not several_digits.show(network, drawn.digit, KEY, right):
        reply(network, drawn, verdict, middle, right)


def reply(
    network: NetworkChoice, drawn: NormalisedDrawing, verdict: NoveltyResult | None, middle: Any, right: Any
) -> None:
    """The network's input in the column `middle`, its prediction in `right`, and more about it below.

    verdict: whether it looks like a digit; None as long as that is not known.
    """
    probabilities = network.probabilities(drawn.digit)
    with middle:
        caption = "The network's input:\nexactly these 28×28 pixels."
        pixels([(drawn.digit, caption, "The network's input: 28 by 28 pixels")], height=196)
    with right, st.container(key="answer"):
        st.header(answer(probabilities, names=network.names), anchor=False)
        softmax_bars(probabilities, names=network.names)
        novelty_warning.warn(network, drawn.digit, verdict)
        if network.run.reads_digits:
            my_hand.correct(drawn.digit, int(probabilities.argmax()))
    _more(network, drawn, probabilities)


def _more(network: NetworkChoice, drawn: NormalisedDrawing, probabilities: np.ndarray) -> None:
    view = st.segmented_control(
        "More about this prediction",
        list(VIEWS),
        format_func=lambda name: VIEWS[name][0],
        default="steps",
        required=True,
        key="draw_view",
        label_visibility="collapsed",
    )
    VIEWS[view][1](network, drawn, probabilities)


def _sent() -> np.ndarray | None:
    """The digit that another page sent, `?send=train:2000`: the background of the canvas until it is removed."""
    sent = st.query_params.get("send")
    if not sent:
        return None
    split, _, index = sent.partition(":")
    digits = {"train": caches.data().training, "validation": caches.data().validation, "test": caches.data().test}
    if split not in digits or url_state.number(index, len(digits[split])) is None:
        received = sent if len(sent) < 30 else f"{sent[:30]}…"
        st.warning(
            f"The link names no digit of the data set: “{plain(received)}”. Draw one instead.",
            icon=":material/link_off:",
        )
        return None
    label = caches.data().names[digits[split].labels[int(index)]]
    where = "MNIST" if caches.data().shows_digits else "Explore"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"From {where}: {split} digit {int(index):,}, a {label}. You can draw over it.")
        st.button("Remove it", on_click=_remove_sent, type="tertiary", icon=":material/close:")
    return digits[split].images[int(index)]


def _remove_sent() -> None:
    st.query_params.pop("send", None)
    canvas.clear(KEY)
