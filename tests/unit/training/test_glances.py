"""Glances: who watches a run sees its network between two moments, and the film is what it is without them."""

import time

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.training import moment_pace
from core.training.hooks import Control, Hooks
from core.training.moment_capture import moment_steps
from core.training.trainer import train

CONFIG = RunConfig(units=16, batch_size=10, epochs=2)  # 100 steps an epoch, with 12 moments among them

pytestmark = pytest.mark.usefixtures("nothing_is_compiled")


class Film:
    """A sink in memory that remembers all that it was given."""

    def __init__(self):
        self.kept, self.written = {}, []

    def write(self, moment):
        self.kept[moment.step] = moment
        self.written.append(moment.step)

    def remove(self, step):
        self.kept.pop(step, None)

    def discard_after(self, step):
        self.kept = {each: moment for each, moment in self.kept.items() if each <= step}


class Watching(Control):
    """Somebody who watches, on a machine so slow that a glance comes in time."""

    def __init__(self, film):
        self.film, self.steps = film, set(moment_steps(2, 100))

    def is_watched(self):
        return True

    def should_stop(self):
        deadline = time.monotonic() + 0.2
        while not set(self.film.written) - self.steps and time.monotonic() < deadline:
            time.sleep(0.005)
        return False


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(moment_pace, "GLANCE_SECONDS", 0.0)
    monkeypatch.setattr(moment_pace, "WATCHED_REST_SECONDS", 0.0)
    monkeypatch.setattr(moment_pace, "SHARE_WHILE_WATCHED", 100.0)


def test_who_watches_sees_glances_and_the_film_has_none_of_them(tiny_mnist, short_calls, at_once):
    alone, watched = Film(), Film()
    plain = train(CONFIG, tiny_mnist, lambda event: None, Hooks(moments=alone))
    shown = train(CONFIG, tiny_mnist, lambda event: None, Hooks(Watching(watched), moments=watched))
    assert set(watched.written) - set(moment_steps(2, 100)), "nobody saw the network between two moments"
    assert not set(alone.written) - set(moment_steps(2, 100))
    assert sorted(watched.kept) == sorted(alone.kept) == moment_steps(2, 100)
    for step, moment in alone.kept.items():
        np.testing.assert_array_equal(moment.probabilities, watched.kept[step].probabilities)
        np.testing.assert_equal(moment.layers[0].update_ratio, watched.kept[step].layers[0].update_ratio)
    for mine, theirs in zip(plain.model.get_weights(), shown.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_run_that_is_stopped_at_a_glance_keeps_that_network_as_its_last_moment(tiny_mnist, short_calls, at_once):
    film, steps = Film(), set(moment_steps(2, 100))

    class StopAtGlance(Watching):
        def should_stop(self):
            super().should_stop()
            return max(self.film.written, default=0) not in steps

    stopped = train(CONFIG, tiny_mnist, lambda event: None, Hooks(StopAtGlance(film), moments=film))
    assert stopped.ended.outcome == "stopped"
    (last,) = set(film.kept) - steps
    assert last == max(film.kept)


def test_who_pauses_a_run_goes_on_seeing_its_network_while_older_moments_are_measured(
    tiny_mnist, short_calls, at_once, monkeypatch
):
    monkeypatch.setattr(moment_pace, "SHARE_OF_TIME", 1e-9)  # what is not the newest waits

    class PausesAfterThreeEpochs(Control):
        """Until the network of the pause was shown, and an older moment was measured after it."""

        looks, seen = 0, None

        def is_watched(self):
            return self.looks > 0

        def is_paused(self, epochs):
            if epochs != 3 or self.seen is not None:
                return False
            self.looks += 1
            if 300 in film.written:
                monkeypatch.setattr(moment_pace, "SHARE_OF_TIME", 100.0)
            if 300 in film.written[:-1] or self.looks == 600:
                self.seen = max(film.kept)
            return self.seen is None

        def should_stop(self):
            return self.seen is not None

    film, control = Film(), PausesAfterThreeEpochs()
    train(CONFIG.changed(epochs=30), tiny_mnist, lambda event: None, Hooks(control, moments=film))
    assert film.written.index(300) < len(film.written) - 1, "no older moment was measured after it"
    assert control.seen == 300
