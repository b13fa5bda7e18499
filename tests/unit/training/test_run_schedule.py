"""A rate that a visitor sets while a schedule runs."""

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.training.run_schedule import RunSchedule


def rates_after_change(schedule: str, step: int, rate: float) -> np.ndarray:
    config = RunConfig(schedule=schedule, learning_rate=0.1, batch_size=10, epochs=1)
    plan = RunSchedule(config, 1000, 1.0)
    rates = plan.rates()
    assert rates is not None
    plan.change(rates, step, rate)
    return rates


@pytest.mark.parametrize(("schedule", "step"), [("cosine", 20), ("exponential", 0), ("one-cycle", 60)])
def test_while_the_rate_falls_the_next_step_has_the_new_rate(schedule: str, step: int):
    rates = rates_after_change(schedule, step, 0.5)
    assert rates[step] == pytest.approx(0.5)
    assert (np.diff(rates[step:]) < 0).all()


def test_while_one_cycle_rises_the_new_rate_is_its_peak():
    # Scaled by its small first rate, the peak would be 25 times as high, and the run would diverge.
    assert rates_after_change("one-cycle", 0, 0.5).max() == pytest.approx(0.5)
