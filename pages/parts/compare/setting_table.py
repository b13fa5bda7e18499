"""The result of a sweep: each setting with its runs as points, their mean and its 95% interval."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from core.evaluation.significance import p_text
from core.evaluation.sweep_result import Pair, Setting, SweepResult
from core.formatting import percent, points

MOST = 12  # settings; of more, the best are shown
_WIDTH, _HEIGHT, _PAD = 240, 22, 8


def show(result: SweepResult) -> None:
    """Draws a row for each setting, in the order of their values."""
    best = sorted(result.settings, key=lambda setting: -setting.mean)[:MOST]
    shown = [setting for setting in result.settings if setting in best]
    scale = _scale(shown)
    rows = "".join(_row(setting, result, scale) for setting in shown)
    low, high = (percent(end) for end in scale)
    head = (
        "<tr><th scope='col'>Setting</th><th scope='col'>Mean</th>"
        f"<th scope='col' class='strip'><span>{low}</span><span>{high}</span></th>"
        "<th scope='col'>Against the best</th></tr>"
    )
    st.html(f"{_STYLE}<div class='settings'><table>{head}{rows}</table></div>")
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
    return f"<b>more than luck</b> ({escape(p_text(pair.p))})" if pair.real else "may be luck"


def _strip(setting: Setting, scale: tuple[float, float]) -> str:
    """One row of the dot plot as an SVG."""
    middle = _HEIGHT / 2
    marks = ""
    if interval := setting.interval:
        low, high = (_x(min(max(end, scale[0]), scale[1]), scale) for end in interval)
        marks += f"<rect x='{low:.1f}' y='{middle - 3}' width='{max(high - low, 1):.1f}' height='6' rx='3' class='ci'/>"
    for accuracy in setting.accuracies:
        marks += f"<circle cx='{_x(accuracy, scale):.1f}' cy='{middle}' r='3.2'/>"
    mean = _x(setting.mean, scale)
    marks += f"<line x1='{mean:.1f}' x2='{mean:.1f}' y1='2' y2='{_HEIGHT - 2}'/>"
    each = ", ".join(percent(accuracy) for accuracy in setting.accuracies)
    span = (
        f", 95% interval {percent(setting.interval[0])} to {percent(setting.interval[1])}" if setting.interval else ""
    )
    alt = escape(f"Mean {percent(setting.mean)}{span}; runs: {each}", quote=True)
    return f"<svg viewBox='0 0 {_WIDTH} {_HEIGHT}' role='img' aria-label='{alt}'><title>{alt}</title>{marks}</svg>"


def _x(accuracy: float, scale: tuple[float, float]) -> float:
    low, high = scale
    return _PAD + (_WIDTH - 2 * _PAD) * (accuracy - low) / ((high - low) or 1.0)


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
.settings small {opacity: .75; margin-left: .5rem}
.settings .strip span {opacity: .75; font-size: .75rem}
.settings .strip span:last-child {float: right}
.settings svg {width: 15rem; height: 1.4rem; display: block}
.settings svg circle {fill: var(--st-primary-color, #4f46e5); fill-opacity: .75}
.settings svg line {stroke: var(--st-text-color, #1c1e26); stroke-width: 2}
.settings svg .ci {fill: var(--st-primary-color, #4f46e5); fill-opacity: .25}
</style>"""
