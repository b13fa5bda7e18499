"""Loss and accuracy of one run as live charts."""

import streamlit as st

from core.runs.curves import AXES, Curves
from core.runs.store import Run
from pages.parts.train.live_plot import Mark, Series, live_plot
from pages.shared import palette

HEIGHT = 170  # pixels: both, and what stands above them, fit on a laptop's screen


def charts(run: Run, seen: Curves) -> None:
    """Training within the epochs as lines, validation at their ends as marks; below them, how they are drawn."""
    curves = st.container(horizontal=True, gap="small")
    with st.popover("Chart options", type="tertiary", icon=":material/tune:"):
        axis = st.segmented_control("Along", AXES, default="step", key="axis", required=True)
        smoothing = st.slider("Smoothing", 0.0, 0.95, 0.5, 0.05, key="smoothing", width=180)
        log = st.toggle("Log scale", key="log_scale")
    with curves:
        for what, title in (("loss", "Loss"), ("accuracy", "Accuracy")):
            live_plot(
                _series(seen, axis, what),
                key=f"live_{what}",
                generation=f"{run.id}:{seen.generation}:{axis}",
                title=title,
                x_title=axis,
                log=log and what == "loss",
                percent=what == "accuracy",
                smoothing=smoothing,
                marks=_marks(seen, axis, low=what == "accuracy"),
                height=HEIGHT,
                alt=_in_words(seen, what),
            )


def _series(seen: Curves, axis: str, what: str) -> list[Series]:
    x, y = seen.batch_points(axis, what)
    series = [Series("training", x, y, palette.TRAINING, smooth=True)]
    x, y = seen.epoch_points(axis, f"validation_{what}")
    if len(x):
        series.append(Series("validation", x, y, palette.VALIDATION, marks=True))
    return series


def _marks(seen: Curves, axis: str, *, low: bool) -> list[Mark]:
    """Rates set by hand, and the best epoch; its name stands where the curve does not run."""
    marks = [Mark(seen.at(rate, axis), f"rate {rate.learning_rate:g}", low=True) for rate in seen.rates]
    best = seen.best_epoch()
    if best and len(seen.epochs) > 1:
        marks.append(Mark(seen.at(best, axis), f"best: epoch {best.epoch}", palette.RIGHT, low))
    return marks


def _in_words(seen: Curves, what: str) -> str:
    if not seen.epochs:
        return f"{what} during training, no epoch completed yet"
    last = seen.epochs[-1]
    told = f"{what} after epoch {last.epoch}: training {getattr(last, what):.4f}"
    validation = getattr(last, f"validation_{what}")
    return told if validation is None else f"{told}, validation {validation:.4f}"
