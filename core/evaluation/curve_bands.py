"""Curves for charts of several runs: smoothed, on a chosen axis, and several seeds as a mean with a band."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

import numpy as np

from core.runs.summaries import Curve, Summary


def exponential_average(values: np.ndarray, weight: float) -> np.ndarray:
    """TensorBoard's running mean: each point is `weight` (0 to < 1) times the mean so far plus the rest of itself.

    Corrected for its start, as in Adam: otherwise the first points would be pulled towards 0.
    """
    if weight <= 0 or not len(values):
        return values
    found, last = [], 0.0
    for value in values.tolist():  # Python floats: six times as fast in a loop as NumPy's
        last = weight * last + (1 - weight) * value if isfinite(value) else last
        found.append(last)
    return np.array(found) / (1 - weight ** np.arange(1, len(values) + 1))


@dataclass(frozen=True, eq=False)
class Band:
    """Several curves as one: the mean at each place, and mean ± one standard deviation. float64 (points,) each."""

    x: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def band(curves: Sequence[tuple[np.ndarray, np.ndarray]], points: int = 200) -> Band:
    """Mean and spread of curves (x, y) where all of them have values; between its points a curve is a straight line."""
    first = max(float(x[0]) for x, _ in curves)
    last = min(float(x[-1]) for x, _ in curves)
    shared = curves[0][0] if all(np.array_equal(x, curves[0][0]) for x, _ in curves) else None
    x = shared if shared is not None else np.linspace(first, max(first, last), points)
    values = np.stack([np.interp(x, xs, ys) for xs, ys in curves])
    mean = values.mean(axis=0)
    deviation = values.std(axis=0, ddof=1) if len(curves) > 1 else np.zeros_like(mean)
    return Band(np.asarray(x, np.float64), mean, mean - deviation, mean + deviation)


def validation_curve(summary: Summary, measure: str, unit: str) -> tuple[np.ndarray, np.ndarray]:
    """(x, y) of `accuracy` or `loss` on validation, one point for each epoch that has one. float64 (epochs,) each."""
    points = [
        (getattr(epoch, unit), value)
        for epoch in summary.epochs
        if (value := getattr(epoch, f"validation_{measure}")) is not None
    ]
    pairs = np.array(points, np.float64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


@lru_cache(maxsize=256)  # called for dozens of runs at every click
def training_curve(curve: Curve, measure: str, unit: str, smoothing: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(x, y) of `accuracy` or `loss` during training. float64 (points,) each."""
    y = np.asarray(getattr(curve, measure), np.float64)
    return np.asarray(getattr(curve, unit), np.float64), exponential_average(y, smoothing)
