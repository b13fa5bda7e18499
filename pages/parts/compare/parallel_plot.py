"""Two charts of a sweep: each run as a line through its knobs to its accuracy, and shares as bars."""

import html
from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from core.config.run_config import KNOBS
from core.evaluation.comparison import RunRow, knob_text
from core.formatting import percent
from pages.parts.compare.overlay_plot import Axes, Chart, Note, Trace, overlay_plot, plotly_text
from pages.shared.local_time import run_title

_SHADES = {  # of the worst and the best run: the best has the strongest contrast to the page
    "light": ((0xB8, 0xBD, 0xCC), (0x4F, 0x46, 0xE5)),
    "dark": ((0x4A, 0x4F, 0x60), (0x9D, 0x98, 0xFF)),
}
_TICKS = 5


def coordinates(rows: Sequence[RunRow], knobs: Sequence[str], *, key: str) -> None:
    """Draws one line for each run: a place on a vertical axis for each knob, and on the last axis its accuracy."""
    scores = np.array([row.score or 0.0 for row in rows])
    axes = [_axis(name, [getattr(row.config, name) for row in rows]) for name in knobs]
    low, high = float(scores.min()), float(scores.max())
    heights = np.column_stack([places for places, _ in axes] + [(scores - low) / ((high - low) or 1.0)])
    order = np.argsort(scores)  # the best run is drawn last, on top
    x = np.arange(len(knobs) + 1)
    traces = [
        Trace(row.run.id, run_title(row.run), _shade(heights[place, -1]), x, heights[place], hover=_hover(row, knobs),
              dash="solid" if row.state == "finished" else "dot")
        for place in order
        for row in [rows[place]]
    ]  # fmt: skip
    ticks = [ticks for _, ticks in axes] + [_score_ticks(low, high)]
    notes = [
        Note(place, height, text, anchor="right", shift=-6)
        for place, found in enumerate(ticks)
        for height, text in found
    ]
    titles = [KNOBS[name].label for name in knobs] + ["Accuracy"]
    notes += [Note(place, 0.0, f"<b>{title}</b>", low=True) for place, title in enumerate(titles)]
    axes = Axes(
        x_range=(-0.45, len(knobs) + 0.3), y_range=(-0.16, 1.06), visible=False, verticals=[float(place) for place in x]
    )
    alt = f"Parallel coordinates of {len(rows)} runs over {', '.join(titles)}. The best run reaches {percent(high)}."
    chart = Chart(alt, axes=axes, notes=notes, margin={"l": 8, "r": 8, "t": 8, "b": 8}, height=330)
    overlay_plot(traces, chart, key=key)
    stronger = "Brighter" if st.context.theme.type == "dark" else "Darker"
    st.caption(
        f"Each line is a run. {stronger} is better. Dotted lines were stopped early. Point at a line to see its run."
    )


def bars(shares: Mapping[str, float]) -> None:
    """Draws shares in [0, 1] as bars with their figures."""
    lines = "".join(
        f"<tr><th scope='row'>{html.escape(name)}</th><td><span style='width:{100 * share:.1f}%'></span></td>"
        f"<td class='figure'>{percent(share, 0)}</td></tr>"
        for name, share in shares.items()
    )
    st.html(f"{_STYLE}<table class='shares'>{lines}</table>")


def _axis(name: str, values: Sequence[object]) -> tuple[np.ndarray, list[tuple[float, str]]]:
    """The place of each value on its axis, in [0, 1], and the ticks with their labels."""
    distinct = sorted(set(values), key=lambda value: (isinstance(value, str), value))
    if len(distinct) == 1:
        return np.full(len(values), 0.5), [(0.5, _text(name, distinct[0]))]
    if isinstance(distinct[0], str) or len(distinct) <= _TICKS:
        at = {value: place / (len(distinct) - 1) for place, value in enumerate(distinct)}
        return np.array([at[value] for value in values]), [(place, _text(name, value)) for value, place in at.items()]
    numbers = np.array([float(value) for value in values])
    scale = np.log if KNOBS[name].log and numbers.min() > 0 else np.asarray
    placed = scale(numbers)
    low, high = float(placed.min()), float(placed.max())
    back = np.exp if scale is np.log else np.asarray
    ticks = [(t, f"{float(back(low + t * (high - low))):.3g}") for t in np.linspace(0, 1, _TICKS)]
    return (placed - low) / (high - low), ticks


def _score_ticks(low: float, high: float) -> list[tuple[float, str]]:
    if high == low:
        return [(0.0, percent(low))]
    return [(float(t), percent(low + t * (high - low))) for t in np.linspace(0, 1, _TICKS)]


def _hover(row: RunRow, knobs: Sequence[str]) -> list[str]:
    knob_lines = "<br>".join(f"{KNOBS[name].label}: {_text(name, getattr(row.config, name))}" for name in knobs)
    return [f"<b>{plotly_text(run_title(row.run))}</b><br>{knob_lines}<br>{percent(row.score)}"] * (len(knobs) + 1)


def _shade(share: float) -> str:
    """From grey for the worst run to the project's colour for the best."""
    poor, good = _SHADES["dark" if st.context.theme.type == "dark" else "light"]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(poor, good, strict=True))


def _text(name: str, value: object) -> str:
    return plotly_text(knob_text(name, value, "–"))


_STYLE = """<style>
.shares {width: 100%; border-collapse: collapse; font-size: .9rem}
.shares th {font-weight: 400; text-align: left; padding: .2rem .8rem .2rem 0; white-space: nowrap; width: 1%}
.shares td span {display: block; height: .8rem; min-width: 2px; border-radius: .3rem;
  background: var(--st-primary-color, #4f46e5)}
.shares .figure {width: 3rem; text-align: right; font-variant-numeric: tabular-nums}
</style>"""
