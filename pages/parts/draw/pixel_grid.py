"""A 28×28 grid to draw on pixel by pixel, by keyboard, mouse or finger."""

import base64
import binascii
from pathlib import Path

import numpy as np
import streamlit as st

from core.digits import SIDE
from pages.shared.components import payload

_HTML = """<canvas width="280" height="280" tabindex="0" role="application"
 aria-label="28 by 28 pixels. Arrow keys move, Space sets a pixel, Shift with an arrow key draws."></canvas>
<div class="said" aria-live="polite"></div>"""
_CSS = """canvas {background: #000; border-radius: .6rem; touch-action: none; max-width: 100%; display: block}
canvas:focus-visible {outline: 3px solid var(--st-primary-color); outline-offset: 2px}
.said {font: .8rem var(--st-font); color: var(--st-text-color); opacity: .75; min-height: 1.3em; padding-top: .3rem}"""
_mount = st.components.v2.component(
    "pixel_grid", html=_HTML, css=_CSS, js=Path(__file__).with_suffix(".js").read_text("utf-8")
)
_NOTHING = np.zeros((SIDE, SIDE), np.uint8)


def pixel_grid(*, key: str) -> np.ndarray:
    """The pixels on the grid, uint8 (28, 28); they survive a change of page."""
    state_key, rev = f"{key}_kept", st.session_state.setdefault(f"{key}_rev", 0)
    drawn = st.session_state.get(state_key, _NOTHING)
    ink = base64.b64encode(st.session_state.get(f"{key}_start", _NOTHING).tobytes()).decode()
    sent = _mount(
        key=key,
        data=payload({"rev": rev, "ink": ink}),
        default={"pixels": None},
        on_pixels_change=lambda: None,
        height="content",
    )
    drawn = read(sent.get("pixels"), rev) if sent.get("pixels") else drawn
    st.session_state[state_key] = drawn
    return drawn


def put(key: str, image: np.ndarray) -> None:
    """Sets the whole grid to `image`, uint8 (28, 28); for callbacks."""
    st.session_state[f"{key}_rev"] = st.session_state.get(f"{key}_rev", 0) + 1
    st.session_state[f"{key}_start"] = st.session_state[f"{key}_kept"] = image


def read(sent: object, rev: int) -> np.ndarray:
    """The pixels that a browser sends, if they belong to the grid on screen; an empty grid for anything else."""
    if isinstance(sent, dict) and sent.get("rev") == rev and isinstance(sent.get("ink"), str):
        try:
            ink = base64.b64decode(sent["ink"], validate=True)
        except (binascii.Error, ValueError):
            return _NOTHING
        if len(ink) == SIDE * SIDE:
            return np.frombuffer(ink, np.uint8).reshape(SIDE, SIDE)
    return _NOTHING
