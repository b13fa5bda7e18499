"""From ink to digit: each step as a picture, and a switch to leave it out."""

from dataclasses import fields

import numpy as np
import streamlit as st
from PIL import Image

from core.drawing import Drawing, Road
from pages.shared.draw_network import Chosen

_LABELS = {
    "keep_aspect": ("Fit the ink into 20×20", "Off: the whole canvas is squashed to 28×28, as most demos do."),
    "centre_of_mass": ("Centre by mass", "Off: the middle of the ink's box comes to the middle."),
    "anti_alias": ("Anti-alias", "Off: a pixel is either ink or paper."),
    "even_stroke": ("Even the stroke", "Off: the stroke stays as thick as it was drawn."),
}
_HEIGHT = 112


def road() -> Road:
    """The road from ink to digit as the switches stand."""
    return Road(**{step.name: st.session_state.get(_key(step.name), True) for step in fields(Road)})


def show(network: Chosen, drawn: Drawing, probabilities: np.ndarray) -> None:
    """The pictures in a row, the switches under them."""
    st.markdown(
        "MNIST's digits were all prepared in one way, so a drawing has to go the same way. "
        "**Switch a step off and watch the bars fall.**"
    )
    with st.container(horizontal=True, gap="medium"):
        for step in fields(Road):
            label, help_ = _LABELS[step.name]
            st.toggle(label, True, key=_key(step.name), help=help_)
    with st.container(horizontal=True, gap="medium"):
        for number, (name, picture) in enumerate(drawn.steps, 1):
            with st.container(width="content", gap="xxsmall"):
                st.image(_shown(picture), output_format="PNG", alt=f"Step {number}: {name}")
                height, width = picture.shape
                st.caption(f"{number}. {name}  \n{width}×{height}")


def _shown(picture: np.ndarray) -> np.ndarray:
    """At one height for all; what is smaller is enlarged in whole pixels, so that they can be seen."""
    image = Image.fromarray(picture)
    way = Image.Resampling.NEAREST if picture.shape[0] < _HEIGHT else Image.Resampling.BOX
    return np.asarray(image.resize((max(1, round(_HEIGHT * image.width / image.height)), _HEIGHT), way))


def _key(step: str) -> str:
    return f"draw_{step}"
