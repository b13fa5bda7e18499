"""Loss and accuracy of one run as live charts."""

import streamlit as st

from core.formatting import percent
from core.runs.curves import AXES, Curves
from core.runs.store import Run
from pages.parts.train.live_plot import Chart, Mark, Series, live_plot
from pages.shared import palette

HEIGHT = 138  # pixels: both charts, the network and the lines above them fit into a window of 1280 by 800


def charts(run: Run, seen: Curves) -> None:
    """Training as lines, validation as points at the epoch ends; the settings of the charts are below."""
    curves = st.container(horizontal=True, gap="small", key="run_charts")
    options = st.container(key="run_chart_options")  # on the line of the axes' names, where the charts are empty
    with options, st.popover("Chart options", type="tertiary", icon=":material/tune:"):
        axis = st.segmented_control("X axis", AXES, default="step", key="axis", required=True)
        smoothing = st.slider(
            "Smoothing",
            0.0,
            0.95,
            0.0,
            0.05,
            key="smoothing",
            width=180,
            help="0 shows the measured values. Above 0, each point is an exponential moving average.",
        )
        log = st.toggle("Log scale", key="log_scale")
    with curves:
        for measure, title in (("loss", "Loss"), ("accuracy", "Accuracy")):
            chart = Chart(
                _series(seen, axis, measure),
                generation=f"{run.id}:{seen.generation}:{axis}",
                alt=_summary(seen, measure),
                title=title,
                x_title=axis,
                log=log and measure == "loss",
                percent=measure == "accuracy",
                smoothing=smoothing,
                marks=_marks(seen, axis, low=measure == "accuracy"),
                height=HEIGHT,
            )
            live_plot(chart, key=f"live_{measure}")


def _series(seen: Curves, axis: str, measure: str) -> list[Series]:
    x, y = seen.batch_points(axis, measure)
    series = [Series("training", x, y, palette.TRAINING, smooth=True)]
    x, y = seen.epoch_points(axis, f"validation_{measure}")
    if len(x):
        series.append(Series("validation", x, y, palette.VALIDATION, marks=True))
    return series


def _marks(seen: Curves, axis: str, *, low: bool) -> list[Mark]:
    """Learning rates set during training, and the best epoch. Its name is where the curve is not."""
    marks = [Mark(seen.at(rate, axis), f"rate {rate.learning_rate:g}", height=0.5) for rate in seen.rates]
    best = seen.best_epoch()
    if best and len(seen.epochs) > 1:
        marks.append(Mark(seen.at(best, axis), f"best: epoch {best.epoch}", palette.RIGHT, 0.0 if low else 1.0))
    return marks


def _summary(seen: Curves, measure: str) -> str:
    """The chart for a screen reader."""
    if not seen.epochs:
        return f"{measure.capitalize()} during training; no epoch is complete yet"
    last = seen.epochs[-1]

    def text(value: float) -> str:
        return percent(value) if measure == "accuracy" else f"{value:.4f}"

    summary = f"{measure.capitalize()} after epoch {last.epoch}: training {text(getattr(last, measure))}"
    validation = getattr(last, f"validation_{measure}")
    return summary if validation is None else f"{summary}, validation {text(validation)}"
