"""How long a waiting run will wait, and how long several seeds take, from forecasts and progress."""

from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from core.config.run_config import RunConfig
from core.jobs.waiting_time import LOADING_SECONDS, NEXT_SEED_SECONDS, seconds_of_seeds, seconds_until_start
from core.network.forecast import Forecast

_numbers = count()


def run(forecast: float, epochs: int = 0, seconds: float = 0.0, of: int = 10, sweep: str = "") -> Any:
    """A run, which differs in its seed from all others. sweep: it is one of several seeds."""
    done = [SimpleNamespace(epoch=epochs, seconds=seconds)] if epochs else []
    started, number = SimpleNamespace(epochs=of) if epochs else None, next(_numbers)
    config = RunConfig(seed=number)
    return SimpleNamespace(
        id=f"run-{number}", forecast_seconds=forecast, started=started, epochs=done, sweep=sweep, config=config
    )


def seeds(forecast: float, number: int) -> list[Any]:
    return [run(forecast, sweep="seeds") for _ in range(number)]


@pytest.mark.parametrize(
    ("ahead", "running", "expected"),
    [
        ([], [run(30)], 30),  # it has not completed an epoch: its forecast
        ([], [run(1, epochs=4, seconds=8)], 12),  # its forecast was too short: it tells by its own pace
        ([run(20), run(5)], [run(30)], 55 + 2 * LOADING_SECONDS),  # each process loads Keras
        ([run(20)], [], 20 + LOADING_SECONDS),
        ([run(20)], [run(30), run(10)], 30),  # the one before it uses the other device
        ([run(1)], [run(30), run(10)], 11 + LOADING_SECONDS),
        ([run(0)], [run(30)], None),  # nobody knows
        ([run(20)], [run(0)], None),
        ([], [run(30, epochs=10, seconds=28)], 0),
    ],
)
def test_the_time_until_a_run_starts(ahead, running, expected):
    assert seconds_until_start(ahead, running) == pytest.approx(expected)


def test_only_the_first_of_several_seeds_loads_keras():
    first, *others = seeds(10, 5)
    assert seconds_until_start(others, [first]) == pytest.approx(50 + 4 * NEXT_SEED_SECONDS)
    assert seconds_until_start([first, *others], [run(30)]) == pytest.approx(
        80 + LOADING_SECONDS + 4 * NEXT_SEED_SECONDS
    )


def test_a_run_of_somebody_else_between_two_seeds_needs_two_new_processes():
    first, second = seeds(10, 2)
    assert seconds_until_start([run(5), second], [first]) == pytest.approx(25 + 2 * LOADING_SECONDS)


def test_each_device_loads_keras_for_its_first_seed():
    one, two, three, four = seeds(10, 4)
    busy = [run(1), run(1)]
    assert seconds_until_start([one, two, three, four], busy) == pytest.approx(21 + LOADING_SECONDS + NEXT_SEED_SECONDS)


def test_several_seeds_compile_once_on_each_device():
    one = Forecast(10, 0, 0, compiling=3)
    assert seconds_of_seeds(1, one) == 10
    assert seconds_of_seeds(5, one) == 10 + 4 * (7 + NEXT_SEED_SECONDS)
    assert seconds_of_seeds(5, one, at_a_time=2) == 10 + 2 * (7 + NEXT_SEED_SECONDS)
    assert seconds_of_seeds(5, one, at_a_time=8) == 10
