"""Compare's charts: the chosen runs' curves on one axis, or equal configs over several seeds as a mean and a band."""

import numpy as np
import streamlit as st

from core.evaluation import comparison
from core.evaluation.comparison import Row
from core.runs.summaries import Curve
from pages.parts.compare import run_rows
from pages.parts.compare.overlay_plot import Trace, overlay_plot
from pages.shared import palette
from pages.shared.fragments import guarded_fragment
from pages.shared.local_time import run_title

MEASURES = {"accuracy": "Accuracy", "loss": "Loss"}
UNITS = {"epoch": "Epoch", "step": "Step", "seconds": "Seconds of training"}
FEW_EPOCHS = 15  # that can each have their number on the axis
_DASHES = ("solid", "dash", "dot", "dashdot")  # runs beyond the tenth share a colour, and differ in their line


@guarded_fragment()
def show(shown: list[Row]) -> None:
    """Draws the curves, with the controls above them, which need not draw the table anew."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="compare_curves"):
        unit = st.segmented_control(
            "Along", list(UNITS), format_func=UNITS.__getitem__, default="epoch", required=True, key="compare_unit"
        )
        smoothing = st.slider(
            "Smoothing", 0.0, 0.98, 0.6, 0.02, key="compare_smoothing", width=220, help="Of the training curves; "
            "the raw line stays faint behind.",
        )  # fmt: skip
        log = st.toggle("Loss on a log axis", key="compare_log")
        groups = comparison.repetitions(shown)
        repeated = any(len(group) > 1 for group in groups)
        together = st.toggle(
            "Seeds as mean and band",
            value=repeated,
            key=f"compare_bands_{repeated}",
            disabled=not repeated,
            help="Finished runs that differ in nothing but their seed become one line, the mean, in a band of one "
            "standard deviation up and down. Not among them: runs steered by hand, and a second run of a seed.",
        )
    for part in (_validation, _training):
        columns = st.columns(2)
        for column, measure in zip(columns, MEASURES, strict=True):
            with column:
                part(groups, measure, unit, together and repeated, smoothing, log and measure == "loss")


def colour(row: Row) -> str:
    """The run's own colour, which it has everywhere."""
    return palette.run_colour(row.run.colour_index)


def dash(row: Row) -> str:
    return _DASHES[row.run.colour_index // len(palette.DIGITS) % len(_DASHES)]


def _validation(groups: list[list[Row]], measure: str, unit: str, together: bool, smoothing: float, log: bool) -> None:
    traces = []
    for group in groups:
        curves = [(row, *comparison.validation_curve(row.summary, measure, unit)) for row in group]
        traces += _traces([each for each in curves if len(each[1])], together, "marks")
    if traces:
        _plot(traces, f"{MEASURES[measure]} on validation", f"validation_{measure}", unit, measure, log)


def _training(groups: list[list[Row]], measure: str, unit: str, together: bool, smoothing: float, log: bool) -> None:
    traces = []
    for group in groups:
        curves = [(row, *_training_curve(row, measure, unit, smoothing)) for row in group]
        curves = [each for each in curves if len(each[1])]
        if smoothing and not together:
            raw = [(row, *_training_curve(row, measure, unit, 0.0)) for row, _, _ in curves]
            traces += _traces(raw, False, "faint")
        traces += _traces(curves, together, "line")
    if traces:
        _plot(traces, f"{MEASURES[measure]} in training", f"training_{measure}", unit, measure, log)


def _training_curve(row: Row, measure: str, unit: str, smoothing: float) -> tuple[np.ndarray, np.ndarray]:
    curve: Curve = run_rows.summaries().curve(row.run)
    return comparison.training_curve(curve, measure, unit, smoothing)


def _traces(curves: list[tuple[Row, np.ndarray, np.ndarray]], together: bool, kind: str) -> list[Trace]:
    """A line for each curve, or, where they are seeds of one config, their mean in its band."""
    if not together or len(curves) < 2:
        return [Trace(row.run.id, run_title(row.run), colour(row), x, y, kind, dash(row)) for row, x, y in curves]
    row = curves[0][0]
    found = comparison.band([(x, y) for _, x, y in curves])
    around = np.concatenate([found.x, found.x[::-1]]), np.concatenate([found.high, found.low[::-1]])
    others = [other.run.id for other, _, _ in curves[1:]]
    name = f"{run_title(row.run)} and {len(curves) - 1} more seed{'s' if len(curves) > 2 else ''}"
    return [
        Trace(row.run.id, name, colour(row), *around, "band", others=others),
        Trace(row.run.id, name, colour(row), found.x, found.mean, kind, dash(row), others=others),
    ]


def _plot(traces: list[Trace], title: str, key: str, unit: str, measure: str, log: bool) -> None:
    runs = dict.fromkeys(trace.name for trace in traces)
    overlay_plot(
        traces,
        key=f"compare_{key}",
        view=f"{key}:{unit}:{log}",
        alt=f"{title} of {len(runs)} runs along {UNITS[unit].lower()}: {', '.join(list(runs)[:6])}",
        title=title,
        x_title=UNITS[unit],
        log=log,
        percent=measure == "accuracy",
        whole=unit == "epoch" and max(float(trace.x[-1]) for trace in traces) <= FEW_EPOCHS,
    )
