"""Compare's charts: the chosen runs' curves on one axis. Equal configs with several seeds become a mean and a band."""

from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from core.evaluation import curve_bands
from core.evaluation.comparison import RunRow, describe_differences
from core.evaluation.grouping import group_by_experiment
from core.runs.run import describe
from core.runs.summaries import Curve
from pages.parts.compare import run_rows
from pages.parts.compare.overlay_plot import Axes, Chart, Trace, overlay_plot
from pages.shared import palette
from pages.shared.fragments import guarded_fragment
from pages.shared.local_time import run_title

MEASURES = {"accuracy": "Accuracy", "loss": "Loss"}
UNITS = {"epoch": "Epoch", "step": "Step", "seconds": "Seconds of training"}
FEW_EPOCHS = 15  # so many epochs each have their number on the axis
_DASHES = ("solid", "dash", "dot", "dashdot")  # from the eleventh run on, colours repeat and the line style differs


@dataclass(frozen=True)
class _View:
    """The state of the controls."""

    unit: str
    smoothing: float
    log: bool
    bands: bool


@dataclass(frozen=True, eq=False)
class _Line:
    """What one line shows: a run, or the seeds of one experiment as a mean with a band."""

    rows: list[RunRow]
    name: str
    colour: str
    dash: str

    @property
    def is_band(self) -> bool:
        return len(self.rows) > 1


@guarded_fragment()
def show(shown: list[RunRow]) -> None:
    """Draws the curves, with the controls above them. A control redraws only the curves, not the table."""
    groups = group_by_experiment(shown)
    view = _controls(repeated=any(len(group) > 1 for group in groups))
    lines = _lines(groups if view.bands else [[row] for row in shown])
    if view.bands:
        _legend([line for line in lines if line.is_band])
    for part in (_validation, _training):
        for column, measure in zip(st.columns(2), MEASURES, strict=True):
            with column:
                part(lines, measure, view)


def _controls(*, repeated: bool) -> _View:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="compare_curves"):
        unit = st.segmented_control(
            "Horizontal axis", list(UNITS), format_func=UNITS.__getitem__, default="epoch", required=True,
            key="compare_unit",
        )  # fmt: skip
        smoothing = st.slider(
            "Smoothing", 0.0, 0.98, 0.0, 0.02, key="compare_smoothing", width=220,
            help="Smooths the training curves. The values themselves stay as faint lines behind.",
        )  # fmt: skip
        log = st.toggle("Loss on a log axis", key="compare_log")
        together = st.toggle(
            "Seeds as mean and band",
            value=repeated,
            key=f"compare_bands_{repeated}",
            disabled=not repeated,
            help="Finished runs that differ only in their seed become one line: their mean, in a band of one standard "
            "deviation up and down. Runs whose learning rate was changed during training stay single lines, and so "
            "does the second run of a seed.",
        )
    return _View(unit, smoothing, log, repeated and together)


def _lines(groups: list[list[RunRow]]) -> list[_Line]:
    """One line for each group. A band whose first run's colour is taken gets one that is still free."""
    experiments = describe_differences([group[0].setting for group in groups if len(group) > 1])
    names = iter(experiments)
    lines, taken = [], {colour(group[0]) for group in groups if len(group) == 1}
    for group in groups:
        if len(group) == 1:
            lines.append(_Line(group, run_title(group[0].run), colour(group[0]), dash(group[0])))
            continue
        own = colour(group[0])
        chosen = own if own not in taken else next((c for c in palette.DIGITS if c not in taken), own)
        style = dash(group[0]) if chosen in taken else "solid"
        taken.add(chosen)
        name = next(names) or group[0].run.recipe or describe(group[0].config)  # a run's own name may hold its seed
        lines.append(_Line(group, f"{name} · mean of {len(group)} seeds", chosen, style))
    return lines


def _legend(bands: list[_Line]) -> None:
    """Names each band, as a run's own colour in the table names only one of its seeds."""
    items = "".join(
        f"<span><i style='background:{line.colour}' class='{line.dash}'></i>{escape(line.name)}</span>"
        for line in bands
    )
    st.html(f"{_STYLE}<div class='band-legend'>{items}<span>Band: mean ± one standard deviation</span></div>")


def colour(row: RunRow) -> str:
    """The run's own colour, the same everywhere."""
    return palette.run_colour(row.run.colour_index)


def dash(row: RunRow) -> str:
    return _DASHES[row.run.colour_index // len(palette.DIGITS) % len(_DASHES)]


def _validation(lines: list[_Line], measure: str, view: _View) -> None:
    traces = []
    for line in lines:
        curves = [(row, *curve_bands.validation_curve(row.summary, measure, view.unit)) for row in line.rows]
        traces += _traces(line, [each for each in curves if len(each[1])], "marks")
    if traces:
        _plot(traces, f"{MEASURES[measure]} on validation", f"validation_{measure}", measure, view)


def _training(lines: list[_Line], measure: str, view: _View) -> None:
    traces = []
    for line in lines:
        curves = [(row, *_training_curve(row, measure, view.unit, view.smoothing)) for row in line.rows]
        curves = [each for each in curves if len(each[1])]
        if view.smoothing and not view.bands:
            raw = [(row, *_training_curve(row, measure, view.unit, 0.0)) for row, _, _ in curves]
            traces += _traces(line, raw, "faint")
        traces += _traces(line, curves, "line")
    if traces:
        _plot(traces, f"{MEASURES[measure]} in training", f"training_{measure}", measure, view)


def _training_curve(row: RunRow, measure: str, unit: str, smoothing: float) -> tuple[np.ndarray, np.ndarray]:
    curve: Curve = run_rows.summaries().curve(row.run)
    return curve_bands.training_curve(curve, measure, unit, smoothing)


def _traces(line: _Line, curves: list[tuple[RunRow, np.ndarray, np.ndarray]], kind: str) -> list[Trace]:
    """A line for a run, or, for several seeds, their mean in its band."""
    if not curves:
        return []
    row, x, y = curves[0]
    if len(curves) == 1:
        return [Trace(row.run.id, line.name, line.colour, x, y, kind, line.dash)]
    found = curve_bands.band([(x, y) for _, x, y in curves])
    outline = np.concatenate([found.x, found.x[::-1]]), np.concatenate([found.high, found.low[::-1]])
    others = [other.run.id for other, _, _ in curves[1:]]
    return [
        Trace(row.run.id, line.name, line.colour, *outline, "band", others=others),
        Trace(row.run.id, line.name, line.colour, found.x, found.mean, kind, line.dash, others=others),
    ]


def _plot(traces: list[Trace], title: str, key: str, measure: str, view: _View) -> None:
    runs = list(dict.fromkeys(trace.name for trace in traces))
    log = view.log and measure == "loss"
    few = view.unit == "epoch" and max(float(trace.x[-1]) for trace in traces) <= FEW_EPOCHS
    axes = Axes(UNITS[view.unit], log=log, percent=measure == "accuracy", whole=few)
    alt = f"{title} of {len(runs)} runs by {UNITS[view.unit].lower()}: {', '.join(runs[:6])}"
    overlay_plot(traces, Chart(alt, title, f"{key}:{view.unit}:{log}", axes), key=f"compare_{key}")


_STYLE = """<style>
.band-legend {display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; font-size: .85rem}
.band-legend i {display: inline-block; width: 1.4rem; height: .55rem; border-radius: 2px; margin-right: .4rem}
.band-legend i:not(.solid) {-webkit-mask: repeating-linear-gradient(90deg, #000 0 4px, transparent 4px 6px);
  mask: repeating-linear-gradient(90deg, #000 0 4px, transparent 4px 6px)}
</style>"""
