"""From ink to digit: each step as a picture, and a switch to leave it out."""

from dataclasses import fields

import numpy as np
import streamlit as st
from PIL import Image

from core.drawing.normalise import NormalisedDrawing, NormaliseOptions
from pages.parts.draw.network_choice import Chosen
from pages.parts.draw.pixels import pixels

_LABELS = {
    "keep_aspect": ("Fit the ink into 20×20", "Off: the whole canvas is squashed to 28×28, as most demos do."),
    "centre_of_mass": ("Centre by mass", "Off: the middle of the ink's box comes to the middle."),
    "anti_alias": ("Anti-alias", "Off: a pixel is either ink or paper."),
    "even_stroke": ("Even the stroke", "Off: the stroke stays as thick as it was drawn."),
}
_HEIGHT = 112


def options() -> NormaliseOptions:
    """The road from ink to digit as the switches stand."""
    return NormaliseOptions(
        **{step.name: st.session_state.get(_key(step.name), True) for step in fields(NormaliseOptions)}
    )


def show(network: Chosen, drawn: NormalisedDrawing, probabilities: np.ndarray) -> None:
    """The pictures in a row, the switches under them."""
    st.markdown(
        "MNIST's digits were all prepared in one way, so a drawing has to go the same way. "
        "**Switch a step off and watch the bars fall.**"
    )
    with st.container(horizontal=True, gap="medium"):
        for step in fields(NormaliseOptions):
            label, help_ = _LABELS[step.name]
            st.toggle(label, True, key=_key(step.name), help=help_)
    shown = []
    for number, (name, picture) in enumerate(drawn.steps, 1):
        height, width = picture.shape
        shown.append((_smaller(picture), f"{number}. {name}\n{width}×{height}", f"Step {number}: {name}"))
    pixels(shown, height=_HEIGHT)


def _smaller(picture: np.ndarray) -> np.ndarray:
    """What is larger than it is shown is sent smaller; each pixel of the others can be seen."""
    if picture.shape[0] <= _HEIGHT:
        return picture
    size = (max(1, round(_HEIGHT * picture.shape[1] / picture.shape[0])), _HEIGHT)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))


def _key(step: str) -> str:
    return f"draw_{step}"
