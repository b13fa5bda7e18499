"""A chart of many runs' curves. The curve under the mouse is highlighted, here and wherever else that run is shown."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from pages.parts.compare import component_diff
from pages.shared import static_assets
from pages.shared.components import payload

_SCRIPT = Path(__file__).parent / "overlay_plot.js"


@dataclass(frozen=True, eq=False)
class Trace:
    """One curve of a run. `kind`: line, marks (a point for each epoch), faint (behind its smoothed line) or band."""

    run: str
    name: str
    colour: str
    x: np.ndarray
    y: np.ndarray
    kind: str = "line"
    dash: str = "solid"
    hover: Sequence[str] = ()  # words at each point, in place of its value
    others: Sequence[str] = ()  # further runs whose mean this is


@dataclass(frozen=True)
class Note:
    """Words at a place of the chart; `low`: below it."""

    x: float
    y: float
    text: str
    anchor: str = "center"
    shift: int = 0
    low: bool = False


@dataclass(frozen=True)
class Axes:
    """The axes of a chart. whole: x has only whole numbers; verticals: places of upright lines."""

    x_title: str = ""
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    log: bool = False
    percent: bool = False
    whole: bool = False
    visible: bool = True
    verticals: Sequence[float] = ()


@dataclass(frozen=True)
class Chart:
    """Everything around the curves. The visitor's zoom is kept while `view` stays the same."""

    alt: str
    title: str = ""
    view: str = ""
    axes: Axes = field(default_factory=Axes)
    notes: Sequence[Note] = ()
    margin: dict[str, int] = field(default_factory=dict)
    height: int = 340


def overlay_plot(traces: Sequence[Trace], chart: Chart, *, key: str) -> None:
    """Draws the curves; sends only what changed since the last call with this `key`."""
    curves = {f"{trace.run} {trace.kind}": _message(trace) for trace in traces}
    axes = chart.axes
    frame = {
        "order": list(curves),
        "title": chart.title,
        "x_title": axes.x_title,
        "log": axes.log,
        "percent": axes.percent,
        "whole": axes.whole,
        "notes": [note.__dict__ for note in chart.notes],
        "uprights": list(axes.verticals),
        "axes": axes.visible,
        "x_range": axes.x_range,
        "y_range": axes.y_range,
        "margin": chart.margin,
        "height": chart.height,
        "alt": chart.alt,
        "view": chart.view or key,
        "plotly": static_assets.plotly_script(),
    }
    data = payload(component_diff.changes(key, {"chart": frame, **curves}))
    _component()(key=key, data=data, height=chart.height, on_lost_change=lambda: component_diff.forget(key))


def plotly_text(name: str) -> str:
    """Text that somebody else wrote, for Plotly: it would read tags, links and placeholders (`%{x}`) in it."""
    return escape(name, quote=False).replace("%{", "%\u2060{")


def _message(trace: Trace) -> dict[str, Any]:
    return {
        "runs": [trace.run, *trace.others],
        "name": plotly_text(trace.name),
        "colour": trace.colour,
        "kind": trace.kind,
        "dash": trace.dash,
        "hover": list(trace.hover),
        "x": base64.b64encode(np.asarray(trace.x, "<f4").tobytes()).decode(),
        "y": base64.b64encode(np.asarray(trace.y, "<f4").tobytes()).decode(),
    }


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    # Not role "img": an image must not contain Plotly's buttons.
    html = '<div class="overlay-plot" role="figure"></div>'
    css = ".overlay-plot {width: 100%; min-height: 8rem}"
    return static_assets.component("digit_lab_overlay", _SCRIPT, html=html, css=css, isolate_styles=False)
