"""The live chart: Plotly in a component that keeps the visitor's zoom and receives only new points.

`st.plotly_chart` rebuilds a chart at every change of its data: it flickers and loses zoom and legend.
"""

import base64
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from pages.shared import static_assets
from pages.shared.components import payload

_HERE = Path(__file__).parent
OVERLAP_SECONDS = 4.0  # a message repeats points sent this recently: a busy browser draws only the last of many
FIRST_SENT = 2000  # points per series in the first message; a longer curve is thinned to that many


@dataclass(frozen=True)
class Series:
    """One curve. `marks` draws it as points at epoch ends; `smooth` applies the chart's smoothing to it."""

    name: str
    x: np.ndarray
    y: np.ndarray
    colour: str
    marks: bool = False
    smooth: bool = False
    symbol: str = "diamond"


@dataclass(frozen=True)
class Mark:
    """A vertical line with a few words."""

    x: float
    text: str
    colour: str = "#8c8c8c"
    height: float = 1.0  # of the words in the chart, from 0 at the bottom to 1 at the top


@dataclass(frozen=True)
class Chart:
    """What a live chart shows. Within one `generation` its series may only grow: points are sent once.

    The zoom is kept as long as key, `generation` and `log` stay the same.
    """

    series: Sequence[Series]
    generation: str
    alt: str
    title: str = ""
    x_title: str = ""
    log: bool = False
    percent: bool = False
    smoothing: float = 0.0
    marks: Sequence[Mark] = ()
    height: int = 340
    legend: bool = True


def live_plot(chart: Chart, *, key: str) -> None:
    """Draws the chart, or updates the one that has this key."""
    sent = _sent(key, chart.generation)
    data = {
        "generation": f"{chart.generation}:{sent['time']}",
        "view": f"{chart.generation}:{chart.log}",
        "series": [_message(each, sent) for each in chart.series],
        "title": chart.title,
        "x_title": chart.x_title,
        "log": chart.log,
        "percent": chart.percent,
        "smoothing": chart.smoothing,
        "marks": [asdict(mark) for mark in chart.marks],
        "height": chart.height,
        "legend": chart.legend,
        "alt": chart.alt,
        "plotly": static_assets.plotly_script(),
    }
    _component()(key=key, data=payload(data), height=chart.height, on_lost_change=lambda: _forget(key))


def _sent(key: str, generation: str) -> dict[str, Any]:
    """What the browser has: for each series, the times of the latest messages and the number of points sent by then."""
    state = st.session_state.get(f"{key}:sent")
    if state is None or state["generation"] != generation:
        state = {"generation": generation, "time": time.time_ns(), "upto": {}, "thinning": {}}
        st.session_state[f"{key}:sent"] = state
    return state


def _forget(key: str) -> None:
    """The browser lost points or was reloaded: everything is sent again."""
    st.session_state.pop(f"{key}:sent", None)


def _message(series: Series, sent: dict[str, Any]) -> dict[str, Any]:
    """A series with its new points, and the points that were sent last."""
    width = sent["thinning"].setdefault(series.name, -(-len(series.x) // FIRST_SENT) or 1)
    x, y = _thinned(series.x, series.y, width)
    now, messages = time.monotonic(), sent["upto"].setdefault(series.name, [])
    while len(messages) > 1 and messages[1][0] < now - OVERLAP_SECONDS:
        messages.pop(0)
    before = messages[0][1] if messages and messages[0][0] < now - OVERLAP_SECONDS else 0
    messages.append((now, len(x)))
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
    """The mean of each `width` neighbours; an incomplete last bin waits for more points."""
    if width == 1:
        return x, y
    whole = len(x) // width * width
    return x[:whole].reshape(-1, width).mean(1), y[:whole].reshape(-1, width).mean(1)


def _packed(values: np.ndarray) -> str:
    return base64.b64encode(np.asarray(values, "<f4").tobytes()).decode()


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    html = '<div class="live-plot" role="figure"></div>'
    css = (_HERE / "live_plot.css").read_text("utf-8")
    return static_assets.component(
        "digit_lab_live_plot", _HERE / "live_plot.js", html=html, css=css, isolate_styles=False
    )
