"""Trains a small network and keeps its events."""

import numpy as np

from core.config.run_config import RunConfig
from core.training.hooks import Control, Hooks
from core.training.trainer import train

SMALL = RunConfig(units=16, batch_size=64, epochs=3)  # 1,000 images: 15 whole batches and a short one


def record(config, data, *, resume=None, **hooks):
    events = []
    return train(config, data, events.append, Hooks(**hooks), resume), events


def assert_equal(one, other):
    """Two runs with the same weights, the same history but for the clock, and the same best epoch."""
    for expected, weights in zip(one.model.get_weights(), other.model.get_weights(), strict=True):
        np.testing.assert_array_equal(expected, weights)
    figures = [{name: values for name, values in each.history.items() if name != "seconds"} for each in (one, other)]
    assert figures[0] == figures[1]
    assert one.ended.best_epoch == other.ended.best_epoch


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


class Requests(Control):
    """Asks for something after a number of engine calls and ends of epochs."""

    def __init__(self, stop_after=None, rate_after=None, rate=None):
        self.calls, self.stop_after, self.rate_after, self.rate = 0, stop_after, rate_after, rate

    def is_paused(self, epochs):
        self.calls += 1
        return False

    def should_stop(self):
        return self.calls == self.stop_after

    def learning_rate(self):
        return self.rate if self.calls == self.rate_after else None
