"""A chart of many runs' curves, in which one lights up under the mouse, here and wherever else that run is shown."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
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
    """One curve of a run. `kind`: line, marks (a point an epoch), faint (behind its own smoothed line) or band."""

    run: str
    name: str
    colour: str
    x: np.ndarray
    y: np.ndarray
    kind: str = "line"
    dash: str = "solid"
    hover: Sequence[str] = ()  # words at each point, in place of its figure
    others: Sequence[str] = ()  # runs beside `run` whose mean this is


@dataclass(frozen=True)
class Note:
    """Words at a place of the chart; `low`: below it."""

    x: float
    y: float
    text: str
    anchor: str = "center"
    shift: int = 0
    low: bool = False


def overlay_plot(
    traces: Sequence[Trace],
    *,
    key: str,
    alt: str,
    view: str = "",
    title: str = "",
    x_title: str = "",
    log: bool = False,
    percent: bool = False,
    whole: bool = False,
    notes: Sequence[Note] = (),
    uprights: Sequence[float] = (),
    axes: bool = True,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    margin: dict[str, int] | None = None,
    height: int = 340,
) -> None:
    """Draws the curves. The visitor's zoom is kept as long as `key` and `view` stay. `whole`: x has whole numbers."""
    curves = {f"{trace.run} {trace.kind}": _message(trace) for trace in traces}
    chart = {
        "order": list(curves),
        "title": title,
        "x_title": x_title,
        "log": log,
        "percent": percent,
        "whole": whole,
        "notes": [note.__dict__ for note in notes],
        "uprights": list(uprights),
        "axes": axes,
        "x_range": x_range,
        "y_range": y_range,
        "margin": margin or {},
        "height": height,
        "alt": alt,
        "view": view or key,
        "plotly": static_assets.plotly_script(),
    }
    data = payload(component_diff.changes(key, {"chart": chart, **curves}))
    _component()(key=key, data=data, height=height, on_lost_change=lambda: component_diff.forget(key))


def _message(trace: Trace) -> dict[str, Any]:
    return {
        "runs": [trace.run, *trace.others],
        "name": trace.name,
        "colour": trace.colour,
        "kind": trace.kind,
        "dash": trace.dash,
        "hover": list(trace.hover),
        "x": base64.b64encode(np.asarray(trace.x, "<f4").tobytes()).decode(),
        "y": base64.b64encode(np.asarray(trace.y, "<f4").tobytes()).decode(),
    }


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    html = '<div class="overlay-plot" role="img" tabindex="0"></div>'
    css = ".overlay-plot {width: 100%; min-height: 8rem}"
    return static_assets.component("digit_lab_overlay", _SCRIPT, html=html, css=css, isolate_styles=False)
