"""The result of a sweep: each setting with its runs as points, their mean and its 95% interval."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from core.evaluation.significance import p_text
from core.evaluation.sweep_result import Pair, Setting, SweepResult
from core.formatting import percent, points

MAX_SETTINGS = 12  # settings; of more, the best are shown


def show(result: SweepResult) -> None:
    """Draws a row for each setting, in the order of their values."""
    best = sorted(result.settings, key=lambda setting: -setting.mean)[:MAX_SETTINGS]
    shown = [setting for setting in result.settings if setting in best]
    scale = _scale(shown)
    rows = "".join(_row(setting, result, scale) for setting in shown)
    low, high = (percent(end) for end in scale)
    head = (
        "<tr><th scope='col'>Setting</th><th scope='col'>Mean</th>"
        f"<th scope='col'><div class='ends'><span>{low}</span><span>{high}</span></div></th>"
        "<th scope='col'>Against the best</th></tr>"
    )
    st.html(f"{_STYLE}<div class='settings' style='--dots: {_colour()}'><table>{head}{rows}</table></div>")
    hidden = len(result.settings) - len(shown)
    st.caption(
        "Each dot is a run. The upright line is the mean over the seeds, the bar its 95% interval."
        + (f" {hidden} settings with lower means are not shown." if hidden else "")
    )


def _row(setting: Setting, result: SweepResult, scale: tuple[float, float]) -> str:
    seeds = len(setting.accuracies)
    name = escape(setting.name or "All seeds")
    return (
        f"<tr><th scope='row'>{name}<small>{seeds} {'seed' if seeds == 1 else 'seeds'}</small></th>"
        f"<td>{percent(setting.mean)}</td><td>{_strip(setting, scale)}</td><td>{_against(setting, result)}</td></tr>"
    )


def _against(setting: Setting, result: SweepResult) -> str:
    """How far a setting is behind the best one, and whether that may be luck."""
    if setting is result.best:
        return "<b>highest mean</b>" if len(result.settings) > 1 else ""
    pair = next((pair for pair in result.pairs if pair.better is result.best and pair.worse is setting), None)
    gap = points(result.best.mean - setting.mean)
    if pair is None:
        return f"{gap} lower, too few seeds"
    return f"{gap} lower, {_luck(pair)}"


def _luck(pair: Pair) -> str:
    return f"<b>more than luck</b> ({escape(p_text(pair.p))})" if pair.is_significant else "may be luck"


def _strip(setting: Setting, scale: tuple[float, float]) -> str:
    """One row of the dot plot. Built from boxes, as Streamlit removes SVG from HTML."""
    marks = ""
    if interval := setting.interval:
        low, high = (_place(end, scale) for end in interval)
        marks += f"<i class='interval' style='left:{low:.1f}%;width:{max(high - low, 0.5):.1f}%'></i>"
    for accuracy in setting.accuracies:
        marks += f"<i class='run' style='left:{_place(accuracy, scale):.1f}%'></i>"
    marks += f"<i class='mean' style='left:{_place(setting.mean, scale):.1f}%'></i>"
    ends = [percent(end) for end in setting.interval or ()]
    span = f", 95% interval {' to '.join(ends)}" if ends else ""
    each = ", ".join(percent(accuracy) for accuracy in setting.accuracies)
    alt = escape(f"Mean {percent(setting.mean)}{span}; runs: {each}")
    return f"<div class='dots' role='img' aria-label='{alt}' title='{alt}'>{marks}</div>"


def _place(accuracy: float, scale: tuple[float, float]) -> float:
    """Where an accuracy lies between the ends of the scale, in percent."""
    low, high = scale
    return 100 * min(max((accuracy - low) / ((high - low) or 1.0), 0.0), 1.0)


def _colour() -> str:
    return "#9d98ff" if st.context.theme.type == "dark" else "#4f46e5"


def _scale(settings: Sequence[Setting]) -> tuple[float, float]:
    """From the lowest to the highest run, with a margin: a wide interval of two seeds must not squeeze the points."""
    values = [accuracy for setting in settings for accuracy in setting.accuracies]
    margin = 0.15 * (max(values) - min(values)) or 0.001
    return max(0.0, min(values) - margin), min(1.0, max(values) + margin)


_STYLE = """<style>
.settings {overflow-x: auto}
.settings table {width: 100%; border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums}
.settings th, .settings td {padding: .2rem .8rem .2rem 0; text-align: left; white-space: nowrap;
  border-bottom: 1px solid rgb(128 128 128 / .3)}
.settings th {font-weight: 400}
.settings td:last-child {white-space: normal; min-width: 9rem}
.settings small {opacity: .75; margin-left: .5rem}
.settings .ends {display: flex; justify-content: space-between; width: 10rem; opacity: .75; font-size: .75rem}
.settings .dots {position: relative; width: 10rem; height: 1.4rem}
.settings .dots i {position: absolute; top: 50%}
.settings .interval {height: .4rem; margin-top: -.2rem; border-radius: .2rem; background: var(--dots); opacity: .3}
.settings .run {width: .5rem; height: .5rem; margin: -.25rem; border-radius: 50%; background: var(--dots); opacity: .8}
.settings .dots .mean {top: 0; bottom: 0; width: 2px; margin-left: -1px; background: currentColor}
</style>"""
