"""The live chart: Plotly in a component of our own, which keeps the visitor's zoom and is sent only new points.

`st.plotly_chart` builds a chart anew at every change of its data: zoom and legend are lost, and it flickers.
"""

import base64
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from pages.shared import static_assets
from pages.shared.components import payload

_HERE = Path(__file__).parent
OVERLAP_SECONDS = (
    4.0  # each message holds what was sent so lately once more: a busy browser draws only the last of many
)
FIRST_SENT = 2000  # points a series in the first message; a longer curve is sent thinned, then as it grows


@dataclass(frozen=True)
class Series:
    """One curve. `marks` draws it as points at epoch ends; `smooth` lets the smoothing slider act on it."""

    name: str
    x: np.ndarray
    y: np.ndarray
    colour: str
    marks: bool = False
    smooth: bool = False
    symbol: str = "diamond"


@dataclass(frozen=True)
class Mark:
    """An upright line with a few words."""

    x: float
    text: str
    colour: str = "#8c8c8c"
    low: bool = False  # words at the foot instead of the head


def live_plot(
    series: Sequence[Series],
    *,
    key: str,
    generation: str,
    alt: str,
    title: str = "",
    x_title: str = "",
    log: bool = False,
    percent: bool = False,
    smoothing: float = 0.0,
    marks: Sequence[Mark] = (),
    height: int = 340,
    legend: bool = True,
) -> None:
    """Draws the curves. Within one `generation` they may only grow: what was sent is not sent again.

    The zoom is kept as long as `key`, `generation` and `log` stay.
    """
    sent = _sent(key, generation)
    data = {
        "generation": f"{generation}:{sent['time']}",
        "view": f"{generation}:{log}",
        "series": [_message(each, sent) for each in series],
        "title": title,
        "x_title": x_title,
        "log": log,
        "percent": percent,
        "smoothing": smoothing,
        "marks": [mark.__dict__ for mark in marks],
        "height": height,
        "legend": legend,
        "alt": alt,
        "plotly": static_assets.plotly_script(),
    }
    _component()(key=key, data=payload(data), height=height, on_lost_change=lambda: _forget(key))


def _sent(key: str, generation: str) -> dict[str, Any]:
    """What the browser has got: a series' name → when, and up to which position, the latest messages went."""
    state = st.session_state.get(f"{key}:sent")
    if state is None or state["generation"] != generation:
        state = {"generation": generation, "time": time.time_ns(), "upto": {}, "thinning": {}}
        st.session_state[f"{key}:sent"] = state
    return state


def _forget(key: str) -> None:
    """The browser lost points, or was opened anew: everything is sent once more."""
    st.session_state.pop(f"{key}:sent", None)


def _message(series: Series, sent: dict[str, Any]) -> dict[str, Any]:
    """A series with the points that earlier messages did not have, and the latest of those they had."""
    width = sent["thinning"].setdefault(series.name, -(-len(series.x) // FIRST_SENT) or 1)
    x, y = _thinned(series.x, series.y, width)
    now, told = time.monotonic(), sent["upto"].setdefault(series.name, [])
    while len(told) > 1 and told[1][0] < now - OVERLAP_SECONDS:
        told.pop(0)
    before = told[0][1] if told and told[0][0] < now - OVERLAP_SECONDS else 0
    told.append((now, len(x)))
    return {
        "name": series.name,
        "colour": series.colour,
        "marks": series.marks,
        "smooth": series.smooth,
        "symbol": series.symbol,
        "from": before,
        "x": _packed(x[before:]),
        "y": _packed(y[before:]),
    }


def _thinned(x: np.ndarray, y: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The means of `width` neighbours each; what does not fill a bin yet is left for later."""
    if width == 1:
        return x, y
    whole = len(x) // width * width
    return x[:whole].reshape(-1, width).mean(1), y[:whole].reshape(-1, width).mean(1)


def _packed(values: np.ndarray) -> str:
    return base64.b64encode(np.asarray(values, "<f4").tobytes()).decode()


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    html = '<div class="live-plot" role="img" tabindex="0"></div>'
    css = (_HERE / "live_plot.css").read_text("utf-8")
    return static_assets.component(
        "digit_lab_live_plot", _HERE / "live_plot.js", html=html, css=css, isolate_styles=False
    )
