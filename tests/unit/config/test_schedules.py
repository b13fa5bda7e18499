"""The learning rate of every step, before it is used."""

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.config.schedules import has_step_schedule, learning_rates, rising_steps, total_steps


def test_a_run_has_a_step_for_every_batch_the_short_ones_included():
    assert total_steps(RunConfig(epochs=3, batch_size=32), 100) == 3 * 4
    assert total_steps(RunConfig(epochs=3, batch_size=25), 100) == 3 * 4


def test_constant_and_plateau_are_level_lines():
    for schedule in ("constant", "plateau"):
        config = RunConfig(schedule=schedule, learning_rate=0.1)
        assert not has_step_schedule(config)
        np.testing.assert_array_equal(learning_rates(config, 5), np.full(5, 0.1, np.float32))


def test_cosine_falls_from_the_rate_past_its_half_to_nothing():
    line = learning_rates(RunConfig(schedule="cosine", learning_rate=0.2), 1000)
    assert line[0] == pytest.approx(0.2)
    assert line[500] == pytest.approx(0.1)
    assert line[-1] == pytest.approx(0, abs=1e-5)
    assert (np.diff(line) < 0).all()


def test_exponential_loses_the_same_share_in_every_step_and_ends_at_a_hundredth():
    line = learning_rates(RunConfig(schedule="exponential", learning_rate=0.2), 1000)
    np.testing.assert_allclose(line[1:] / line[:-1], 0.01 ** (1 / 1000), rtol=1e-5)
    assert line[-1] == pytest.approx(0.002, rel=0.01)


@pytest.mark.parametrize("steps", [1, 2, 3, 1000])
def test_one_cycle_rises_to_the_rate_and_falls_to_nothing(steps: int):
    line = learning_rates(RunConfig(schedule="one-cycle", learning_rate=0.2), steps)
    peak = line.argmax()
    assert len(line) == steps
    assert peak == rising_steps(steps)
    assert line[peak] == pytest.approx(0.2)
    assert (np.diff(line[: peak + 1]) > 0).all()
    assert (np.diff(line[peak:]) < 0).all()


def test_one_cycle_starts_far_below_the_rate_and_ends_at_nothing():
    line = learning_rates(RunConfig(schedule="one-cycle", learning_rate=0.2), 1000)
    assert line[0] == pytest.approx(0.008)
    assert line[300] == pytest.approx(0.2)
    assert line[-1] == pytest.approx(0, abs=1e-5)
