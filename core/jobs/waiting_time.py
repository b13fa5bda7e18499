"""How long runs wait for their device, and how long several seeds take, from forecasts and progress."""

import math
from collections.abc import Sequence

from core.jobs.kept_workers import differ_in_seed
from core.network.forecast import Forecast
from core.runs.run import Run

# What a run takes beside its training (docs/speed-seeds.md). The process that has trained another seed of it imports
# nothing: it only saves the network and its predictions.
LOADING_SECONDS, NEXT_SEED_SECONDS = 4.0, 0.6


def seconds_until_start(ahead: Sequence[Run], running: Sequence[Run]) -> float | None:
    """The time until the run behind these starts; None where one of them has no forecast.

    ahead: the runs before it in the queue, in their order. running: those that train on the devices that it may use.
    """
    left: list[tuple[float, Run | None]] = []  # for each device: seconds until it is free, and its last run then
    for run in running:
        if (seconds := _seconds_left(run)) is None:
            return None
        left.append((seconds, run))
    left = left or [(0.0, None)]
    for run in ahead:
        if not run.forecast_seconds:
            return None
        first = min(left, key=lambda device: device[0])
        left.remove(first)
        seconds, before = first
        around = NEXT_SEED_SECONDS if before and differ_in_seed(before, run) else LOADING_SECONDS
        left.append((seconds + around + run.forecast_seconds, run))
    return min(seconds for seconds, _ in left)


def seconds_of_seeds(seeds: int, one: Forecast, at_a_time: int = 1) -> float:
    """How long so many seeds of one config take. one: the forecast for the first. at_a_time: on all devices."""
    next_on_one_device = math.ceil(seeds / at_a_time) - 1
    return one.seconds + next_on_one_device * (one.next_seed_seconds + NEXT_SEED_SECONDS)


def _seconds_left(run: Run) -> float | None:
    """Of a run that trains: from its epochs so far, before the first one from its forecast."""
    started, epochs = run.started, run.epochs
    if started is None or not epochs or not epochs[-1].epoch:
        return run.forecast_seconds or None
    done = epochs[-1]
    return done.seconds / done.epoch * max(started.epochs - done.epoch, 0)
