"""The ten bars while the pen is still down: the browser sends its canvas small and grey, and gets ten probabilities.

The answer after the stroke, from the canvas' own message, replaces them. The server limits the rate: it tells each
browser how long to wait, and ignores ink that comes much sooner.
"""

import base64
import binascii
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.drawing import to_digit
from core.drawing.normalise import NormaliseOptions
from core.errors import DrawingError
from pages.parts.draw import canvas
from pages.parts.draw.network_choice import NetworkChoice
from pages.parts.draw.rate_limit import RateLimit
from pages.shared import static_assets
from pages.shared.components import payload
from pages.shared.fragments import guarded_fragment

SIDE = 56
_HERE = Path(__file__).parent
_ROW = '<div class="live-ink-row"><span>{}</span><span class="track"><span class="bar"></span></span>{}</div>'
_ROWS = "".join(_ROW.format(digit, '<span class="share"></span>') for digit in range(10))
# Hidden from screen readers, which read the answer after the stroke.
_HTML = f'<div class="live-ink" aria-hidden="true" hidden><div class="live-ink-answer"></div>{_ROWS}</div>'
_STYLE = "<style>.stColumn:has(.st-key-live-ink) {position: relative} .st-key-live-ink {height: 0; gap: 0}</style>"


@dataclass(frozen=True)
class Ink:
    """What a browser sent: its canvas, uint8 (SIDE, SIDE), and the numbers that its answer must carry."""

    session: int
    seq: int
    grey: np.ndarray

    @property
    def rgba(self) -> np.ndarray:
        """The same as `to_digit` expects it: light ink on an opaque black square."""
        return np.dstack([self.grey, self.grey, self.grey, np.full_like(self.grey, 255)])


def read(sent: object) -> Ink | None:
    """The ink of a browser's message; None for anything that the page's own script would not send."""
    if not isinstance(sent, dict) or sent.get("side") != SIDE:
        return None
    session, seq, pixels = sent.get("session"), sent.get("seq"), sent.get("pixels")
    if not all(type(number) is int and 0 <= number < 2**53 for number in (session, seq)):
        return None
    if not isinstance(pixels, str) or len(pixels) != -(-SIDE * SIDE // 3) * 4:
        return None
    try:
        grey = base64.b64decode(pixels, validate=True)
    except (binascii.Error, ValueError):
        return None
    return Ink(session, seq, np.frombuffer(grey, np.uint8).reshape(SIDE, SIDE)) if len(grey) == SIDE**2 else None


@st.cache_resource(show_spinner=False)
def _rate_limit() -> RateLimit:
    """One for all visitors."""
    return RateLimit()


def show(network: NetworkChoice, key: str, options: NormaliseOptions) -> None:
    """Call it in the column of the answer, each time the answer is drawn. key: that of the canvas."""
    st.session_state["live_ink_final"] = st.session_state.get("live_ink_final", 0) + 1
    with st.container(key="live-ink"):
        st.html(_STYLE)
        _bars(network, key, options, st.session_state["live_ink_final"])


@guarded_fragment()
def _bars(network: NetworkChoice, key: str, options: NormaliseOptions, final: int) -> None:
    # The browser may put a finished stroke and the last ink into one message, which names only this fragment.
    if canvas.has_unread_drawing(key):
        st.rerun()
    ink = read((st.session_state.get("live_ink_bars") or {}).get("ink"))
    data: dict[str, Any] = {"canvas": key, "final": final, "shares": None, "names": list(network.names)}
    if ink:
        data |= {"session": ink.session, "seq": ink.seq, **_answer(network, ink, options)}
    data["interval"] = round(1000 * _rate_limit().interval())
    _component()(key="live_ink_bars", data=payload(data), default={"ink": None}, on_ink_change=lambda: None)


def _answer(network: NetworkChoice, ink: Ink, options: NormaliseOptions) -> dict[str, Any]:
    """The ten probabilities as `shares`, None where no digit is seen. `skipped`: the browser sent it too soon."""
    numbers = ink.session, ink.seq
    if st.session_state.get("live_ink_done") == numbers:  # the fragment runs again without new ink
        return {}
    if not _rate_limit().admits(st.session_state.setdefault("live_ink_who", uuid.uuid4().hex)):
        return {"skipped": True}
    st.session_state["live_ink_done"] = numbers
    began = time.perf_counter()
    try:
        shares = network.probabilities(to_digit(ink.rgba, options).digit)
        return {"shares": [round(float(share), 4) for share in shares]}
    except DrawingError:
        return {}
    finally:
        _rate_limit().took(time.perf_counter() - began)


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    css = (_HERE / "live_ink.css").read_text("utf-8")
    return static_assets.component("digit_lab_live_ink", _HERE / "live_ink.js", html=_HTML, css=css)
