"""How long a waiting run will wait, from forecasts and progress."""

from types import SimpleNamespace
from typing import Any

import pytest

from pages.parts.train.queue_place import seconds_until_start


def run(forecast: float, epochs: int = 0, seconds: float = 0.0, of: int = 10) -> Any:
    done = [SimpleNamespace(epoch=epochs, seconds=seconds)] if epochs else []
    started = SimpleNamespace(epochs=of) if epochs else None
    return SimpleNamespace(forecast_seconds=forecast, started=started, epochs=done)


@pytest.mark.parametrize(
    ("ahead", "running", "expected"),
    [
        ([], [run(30)], 30),  # it has not completed an epoch: its forecast
        ([], [run(1, epochs=4, seconds=8)], 12),  # its forecast was too short: it tells by its own pace
        ([run(20), run(5)], [run(30)], 63),  # and each process loads Keras
        ([run(20)], [], 24),
        ([run(20)], [run(30), run(10)], 32),  # two devices share the work
        ([run(0)], [run(30)], None),  # nobody knows
        ([], [run(30, epochs=10, seconds=28)], 0),
    ],
)
def test_the_time_until_a_run_starts(ahead, running, expected):
    assert seconds_until_start(ahead, running) == expected
