"""From ink to digit: a picture of each step, and a switch for it."""

from dataclasses import fields

import numpy as np
import streamlit as st
from PIL import Image

from core.drawing.normalise import NormalisedDrawing, NormaliseOptions
from pages.parts.draw.network_choice import NetworkChoice
from pages.parts.draw.pixels import pixels

_LABELS = {
    "keep_aspect": ("Fit the ink into 20×20", "Off: the whole canvas is squeezed into 28×28, as most demos do."),
    "centre_of_mass": ("Centre by mass", "Off: the box around the ink is centred."),
    "anti_alias": ("Anti-alias", "Off: each pixel is either ink or paper, with no greys."),
    "even_stroke": ("Adjust the stroke width", "Off: the stroke keeps the width it was drawn with."),
}
_HEIGHT = 112


def options() -> NormaliseOptions:
    """The steps that are switched on."""
    return NormaliseOptions(
        **{step.name: st.session_state.get(_key(step.name), True) for step in fields(NormaliseOptions)}
    )


def show(network: NetworkChoice, drawn: NormalisedDrawing, probabilities: np.ndarray) -> None:
    """The pictures in a row, the switches under them."""
    st.markdown(
        "All of MNIST's digits were prepared in the same way, so a drawing needs the same steps. "
        "**Switch a step off and watch the probabilities change.**"
    )
    with st.container(horizontal=True, gap="medium"):
        for step in fields(NormaliseOptions):
            label, help_ = _LABELS[step.name]
            st.toggle(label, True, key=_key(step.name), help=help_)
    shown = []
    for number, (name, picture) in enumerate(drawn.steps, 1):
        height, width = picture.shape
        shown.append((_smaller(picture), f"{number}. {name}\n{width}×{height}", f"Step {number}: {name}"))
    pixels(shown, height=_HEIGHT, widest=2 * _HEIGHT)  # a flat line, cropped, is much wider than high


def _smaller(picture: np.ndarray) -> np.ndarray:
    """Pictures larger than their size on screen are sent smaller."""
    if picture.shape[0] <= _HEIGHT:
        return picture
    size = (max(1, round(_HEIGHT * picture.shape[1] / picture.shape[0])), _HEIGHT)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))


def _key(step: str) -> str:
    return f"draw_{step}"
