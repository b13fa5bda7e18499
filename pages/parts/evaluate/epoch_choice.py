"""Evaluate's curves: loss and accuracy by epoch, with a cursor at the chosen epoch."""

import streamlit as st

from core.runs.events import EpochDone
from core.runs.store import Run
from pages.shared import palette


def show(run: Run, epoch: int | None) -> None:
    """Small curves with the cursor at `epoch` (None: the end); nothing for a run of one epoch."""
    epochs = run.epochs
    if len(epochs) < 2:
        return
    at = epoch or (run.ended and run.ended.best_epoch) or epochs[-1].epoch
    left, right = st.columns(2, gap="medium")
    with left:
        _chart(epochs, at, "accuracy", key="evaluate_curve_accuracy")
    with right:
        _chart(epochs, at, "loss", key="evaluate_curve_loss")


def _chart(epochs: list[EpochDone], at: int, measure: str, *, key: str) -> None:
    st.echarts_chart(
        chart(epochs, at, measure),
        height=140,
        key=key,
        alt=f"Training and validation {measure} after each epoch; the cursor is at epoch {at}",
    )


def chart(epochs: list[EpochDone], at: int, measure: str) -> dict:
    """Training and validation by epoch as ECharts draws them, with a vertical line at epoch `at`."""
    scale = 100 if measure == "accuracy" else 1
    series = []
    for name, field, colour in (
        ("training", measure, palette.TRAINING),
        ("validation", f"validation_{measure}", palette.VALIDATION),
    ):
        points = [[e.epoch, round(scale * value, 4)] for e in epochs if (value := getattr(e, field)) is not None]
        if points:
            series.append({"type": "line", "name": name, "data": points, "color": colour, "symbolSize": 4})
    cursor = {"symbol": "none", "animation": False, "label": {"show": False}}
    series[0]["markLine"] = {**cursor, "data": [{"xAxis": at}], "lineStyle": {"color": "#8c8c8c", "width": 2}}
    return {
        "animation": False,
        "legend": {"right": 0, "top": 0, "itemHeight": 8, "itemWidth": 12},
        "title": {
            "text": f"{measure.capitalize()}{' in %' if scale > 1 else ''}",
            "left": 0,
            "textStyle": {"fontSize": 13},
        },
        "tooltip": {"trigger": "axis"},
        "grid": {"left": 44, "right": 12, "top": 30, "bottom": 22},
        "xAxis": {"type": "value", "min": 1, "max": epochs[-1].epoch, "minInterval": 1},
        "yAxis": {"type": "value", "scale": True, "splitNumber": 3},
        "series": series,
    }
