"""The film on Start: how the recipe behind "Train your first network" learned, recorded once and shown to everybody."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from core.config.recipes import FIRST_NETWORK
from pages.shared import film_data, living_network, static_assets
from pages.shared.components import payload

_HERE = Path(__file__).parent
_SCRIPT = _HERE / "film.js"
FILE = _HERE / "first_film.json.gz"  # made by `python -m tests.benchmarks.first_film`
HEIGHT = 255  # pixels of the drawing
_ALT = "A network that learns: at first it guesses, and at the end it reads this 5 as a 5."
_BAR = """<div class="first-film-bar"><button class="first-film-play" type="button">Play</button>
<input class="first-film-slider" type="range" min="0" step="1" aria-label="Moment of the recorded run"></div>"""
# Also where only the 5,000 images are there, with which the same network reaches less.
_CAPTION = "A recording of “Train your first network” on all of MNIST. Share: of 500 digits it did not learn from."
HTML = f"""<div class="first-film"><p class="first-film-now" aria-live="off"></p>{living_network.html(below=_BAR)}
<p class="first-film-caption">{_CAPTION}</p></div>"""


def show(*, plays: bool) -> None:
    """Draws the film. plays: it begins by itself, unless the visitor's system asks for less motion."""
    label = recording()["label"]
    message = {
        "address": _address(),
        "network": static_assets.script_address(living_network.SCRIPT),
        "shared": static_assets.script_address(film_data.SCRIPT),
        "context": living_network.context(
            FIRST_NETWORK.config, living_network.ShownImage(label), alt=_ALT, height=HEIGHT
        ),
        "plays": plays,
    }
    _component()(key="first_film", data=payload(message))


@cache
def recording() -> dict[str, Any]:
    """The label of the image, and the moments: step, epoch, accuracy on 500 validation images, and the drawing."""
    content: dict[str, Any] = json.loads(gzip.decompress(FILE.read_bytes()))
    return content


@st.cache_resource(show_spinner=False)
def _address() -> str:
    return static_assets.serve_bytes(gzip.decompress(FILE.read_bytes()), "first-film", "json")


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    css = living_network.style() + (_HERE / "film.css").read_text("utf-8")
    return static_assets.component("digit_lab_first_film", _SCRIPT, html=HTML, css=css, isolate_styles=False)
