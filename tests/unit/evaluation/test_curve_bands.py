"""Bands over the curves of several runs, and smoothed curves."""

import math

import numpy as np
import pytest

from core.evaluation import curve_bands


def test_a_band_is_the_mean_and_one_deviation_of_the_curves():
    x = np.arange(3.0)
    values = np.array([[1.0, 2.0, 4.0], [3.0, 2.0, 0.0], [2.0, 5.0, 2.0]])
    found = curve_bands.band([(x, y) for y in values])
    assert found.mean == pytest.approx([2.0, 3.0, 2.0])
    assert found.high - found.mean == pytest.approx([1.0, math.sqrt(3), 2.0])
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


def test_a_band_reaches_as_far_as_all_its_curves():
    short, long = (np.array([1.0, 2.0]),) * 2, (np.array([0.0, 1.0, 3.0]),) * 2
    found = curve_bands.band([short, long], points=5)
    assert (found.x[0], found.x[-1]) == (1.0, 2.0)
    assert found.mean == pytest.approx(found.x)  # both are y = x, whatever their points
    assert found.high == pytest.approx(found.low)


def test_smoothing_starts_at_the_first_point_and_tends_to_a_constant():
    assert curve_bands.exponential_average(np.array([5.0, 5.0, 5.0]), 0.9) == pytest.approx([5.0, 5.0, 5.0])
    weights = 0.5 ** np.arange(3)[::-1]  # by hand: the newest counts 1, the one before a half, then a quarter
    assert curve_bands.exponential_average(np.array([1.0, 2.0, 4.0]), 0.5)[-1] == pytest.approx(
        np.average([1, 2, 4], weights=weights)
    )
    assert np.isfinite(curve_bands.exponential_average(np.array([1.0, math.nan, 2.0]), 0.5)).all()
