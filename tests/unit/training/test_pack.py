"""Seeds that train in one call end as those that train alone, whatever happens to one of them."""

import threading

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.runs.events import EpochDone
from core.training.hooks import Control, Hooks
from core.training.pack import Pack
from core.training.trainer import train

pytestmark = pytest.mark.usefixtures("nothing_is_compiled", "short_calls")
SEEDS = (1, 2, 3)
SMALL = RunConfig(units=16, batch_size=64, epochs=4)  # 1,000 images: 64 steps in all
NETWORKS = {
    "dense": SMALL,
    "dropout, cosine": SMALL.changed(network="dense16-dropout0.3-dense12", schedule="cosine", optimizer="nadam"),
    "norm": SMALL.changed(network="dense16-norm", optimizer="adam"),
    "decay alone": SMALL.changed(network="dropout0.1", optimizer="adamw"),
    "wrong labels, momentum": SMALL.changed(wrong_labels=0.2, optimizer="momentum"),
}


def train_together(configs, data, controls=None, emits=None, after_call=lambda: None):
    """The result of each, or the error with which it ended."""
    pack, ends = Pack(len(configs), after_call), [None] * len(configs)

    def one(place):
        try:
            emit = emits[place] if emits else lambda event: None
            control = controls[place] if controls else Control()
            ends[place] = train(configs[place], data, emit, Hooks(control, pack=pack.members[place]))
        except ArithmeticError as error:
            ends[place] = error
        finally:
            pack.members[place].leave()

    threads = [threading.Thread(target=one, args=(place,)) for place in range(len(configs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return ends, pack


def seeds_of(config):
    return [config.changed(seed=seed) for seed in SEEDS]


def assert_as_alone(together, config, data):
    alone = train(config, data, lambda event: None)
    for ours, theirs in zip(together.model.get_weights(), alone.model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    np.testing.assert_allclose(together.history["loss"], alone.history["loss"], rtol=1e-4)
    assert together.history["val_accuracy"] == pytest.approx(alone.history["val_accuracy"], abs=0.01)


@pytest.mark.parametrize(
    "config",
    [pytest.param(config, id=name, marks=() if "," in name else pytest.mark.slow) for name, config in NETWORKS.items()],
)
def test_each_network_has_the_weights_that_it_has_alone(config, tiny_mnist):
    ends, pack = train_together(seeds_of(config), tiny_mnist)
    assert not pack.is_divided
    for each, end in zip(seeds_of(config), ends, strict=True):
        assert_as_alone(end, each, tiny_mnist)
    assert len({end.history["loss"][-1] for end in ends}) == 3


class StopsAfter(Control):
    """Stops its own run after so many epochs."""

    def __init__(self, epochs):
        self.epochs = epochs

    def is_paused(self, epochs):
        self.done = epochs
        return False

    def should_stop(self):
        return self.done >= self.epochs


def test_a_run_that_ends_early_keeps_its_network_and_the_others_go_on(tiny_mnist):
    ends, _ = train_together(seeds_of(SMALL), tiny_mnist, [Control(), StopsAfter(2), Control()])
    assert [len(end.history["loss"]) for end in ends] == [4, 2, 4]
    assert_as_alone(ends[1], SMALL.changed(seed=2, epochs=2), tiny_mnist)
    assert_as_alone(ends[2], SMALL.changed(seed=3), tiny_mnist)


@pytest.mark.parametrize("at", ["Started", "EpochDone"])
def test_a_run_that_fails_does_not_hold_the_others(tiny_mnist, at):
    def fails(event):
        if type(event).__name__ == at:
            raise ZeroDivisionError

    quiet = lambda event: None  # noqa: E731
    ends, _ = train_together(seeds_of(SMALL), tiny_mnist, emits=[fails, quiet, quiet])
    assert isinstance(ends[0], ZeroDivisionError)
    assert_as_alone(ends[1], SMALL.changed(seed=2), tiny_mnist)


def test_an_error_between_two_calls_ends_one_run_and_holds_nobody(tiny_mnist):
    calls = []

    def fails_once():
        calls.append(1)
        if len(calls) == 3:
            raise ZeroDivisionError

    ends, _ = train_together(seeds_of(SMALL), tiny_mnist, after_call=fails_once)
    assert sum(isinstance(end, ZeroDivisionError) for end in ends) == 1
    assert sum(len(end.history["loss"]) == 4 for end in ends if not isinstance(end, ArithmeticError)) == 2


def test_seeds_that_cannot_share_a_call_train_each_for_itself(tiny_mnist, monkeypatch, capsys):
    def refuses(backends):
        raise ValueError("shapes differ")

    monkeypatch.setattr("core.training.pack.PackedSteps.of", refuses)
    ends, pack = train_together(seeds_of(SMALL)[:2], tiny_mnist)
    assert pack.is_divided
    assert "Each trains for itself." in capsys.readouterr().out
    assert_as_alone(ends[1], SMALL.changed(seed=2), tiny_mnist)


def test_all_are_at_the_same_step_when_requests_are_read(tiny_mnist):
    steps, seen = {seed: 0 for seed in SEEDS}, []
    pack = Pack(3, after_call=lambda: seen.append(set(steps.values())))

    def one(place):
        def note(event):
            if isinstance(event, EpochDone):
                steps[SEEDS[place]] = event.epoch

        train(seeds_of(SMALL)[place], tiny_mnist, note, Hooks(pack=pack.members[place]))

    threads = [threading.Thread(target=one, args=(place,)) for place in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(seen) == 16  # calls of four steps
    assert all(len(epochs) == 1 for epochs in seen)
