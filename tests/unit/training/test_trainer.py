"""`train` reports everything by events, follows requests, saves its state, and resumes as if it had never stopped."""

import itertools

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.config.schedules import learning_rates, total_steps
from core.errors import DeviceError
from core.network.numpy_network import Reader
from core.runs.events import FINISHED, STOPPED, BatchDone, EpochDone, Paused, RateChanged, Started
from core.training import trainer
from core.training.engine import Loop
from core.training.hooks import Control, Hooks
from core.training.predict import Predictor
from core.training.trainer import train

pytestmark = pytest.mark.usefixtures("nothing_is_compiled")  # a whole worker is tested compiled
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


@pytest.fixture
def short_calls(monkeypatch):
    """Calls of four batches, so that a small run has many."""
    monkeypatch.setattr("core.training.call_size.estimate_step_seconds", lambda model, size: 0.05 / 4)


def test_a_run_reports_its_start_its_batches_its_epochs_and_its_end(tiny_mnist, short_calls):
    trained, events = record(SMALL, tiny_mnist)
    started, *_, last = events
    assert isinstance(started, Started)
    assert isinstance(last, EpochDone)
    assert (started.train_images, started.validation_images, started.batches, started.epochs) == (1000, 200, 16, 3)
    assert started.device
    assert started.parameters == trained.model.count_params()
    batches, epochs = of(BatchDone, events), of(EpochDone, events)
    assert [event.epoch for event in epochs] == [1, 2, 3]
    assert [event.step for event in epochs] == [16, 32, 48]
    assert batches[-1].step == 48
    assert batches[-1].batch == 16
    assert all(a.step < b.step and a.seconds < b.seconds for a, b in itertools.pairwise(batches))
    assert trained.ended.outcome == FINISHED
    assert trained.ended.epochs == 3
    assert trained.ended.best_epoch is None
    assert trained.ended.train_loss == epochs[-1].loss
    assert trained.ended.validation_accuracy == epochs[-1].validation_accuracy
    assert trained.ended.fit_seconds >= epochs[-1].seconds


def test_the_test_set_stays_sealed_unless_it_validates_or_nothing_does(tiny_mnist):
    sealed, _ = record(SMALL.changed(epochs=1), tiny_mnist)
    assert sealed.ended.test_accuracy is None
    assert sealed.ended.test_loss is None
    validating, _ = record(SMALL.changed(epochs=1, validate_on="test"), tiny_mnist)
    assert validating.ended.test_accuracy == validating.ended.validation_accuracy is not None
    once, _ = record(SMALL.changed(epochs=1, validate_on="none"), tiny_mnist)
    assert once.ended.validation_accuracy is None
    predicted = once.model.predict(tiny_mnist.test.images, verbose=0).argmax(1)
    assert once.ended.test_accuracy == pytest.approx((predicted == tiny_mnist.test.labels).mean())


def test_stop_ends_after_the_present_call_and_keeps_the_weights(tiny_mnist, short_calls):
    trained, events = record(SMALL, tiny_mnist, control=Requests(stop_after=7))
    assert trained.ended.outcome == STOPPED
    assert trained.ended.epochs == 1
    assert of(BatchDone, events)[-1].step <= 24
    assert len(of(EpochDone, events)) == 1
    assert trained.model.optimizer.iterations == 24


def test_a_new_learning_rate_is_used_from_the_next_call_on_and_reported(tiny_mnist, short_calls):
    trained, events = record(SMALL, tiny_mnist, control=Requests(rate_after=4, rate=1e-6))
    assert [event.learning_rate for event in of(RateChanged, events)] == [1e-6]
    epochs = of(EpochDone, events)
    assert epochs[-1].learning_rate == pytest.approx(1e-6)
    assert epochs[2].loss == pytest.approx(epochs[1].loss, rel=1e-3)  # as good as standing still
    assert float(trained.model.optimizer.learning_rate) == pytest.approx(1e-6)


@pytest.mark.parametrize(
    "knobs",
    [
        {"network": "conv4x5-pool4-norm-dropout0.2", "optimizer": "nadam"},
        {"units": 16, "schedule": "cosine", "optimizer": "rmsprop"},
        {"units": 16, "schedule": "plateau", "patience": 1, "learning_rate": 0.05},
    ],
    ids=["norm and dropout", "cosine", "helpers"],
)
def test_a_resumed_run_goes_on_bit_for_bit(knobs, tiny_mnist):
    config = RunConfig(batch_size=64, epochs=5, **knobs)
    kept = []
    whole, _ = record(config, tiny_mnist, save_state=kept.append)
    resumed, events = record(config, tiny_mnist, resume=kept[1])
    assert of(Started, events)[0].from_epoch == 2
    assert all(
        np.array_equal(a, b) for a, b in zip(whole.model.get_weights(), resumed.model.get_weights(), strict=True)
    )
    assert whole.history["loss"] == resumed.history["loss"]
    assert whole.ended.best_epoch == resumed.ended.best_epoch
    assert of(EpochDone, events)[0].seconds > kept[1].history["seconds"][-1]


@pytest.mark.parametrize(
    "knobs",
    [
        {"network": "conv4x5-pool4-norm-dropout0.2", "optimizer": "nadam"},
        {"units": 16, "schedule": "cosine", "optimizer": "rmsprop"},
        {"units": 16, "schedule": "plateau", "patience": 1, "learning_rate": 0.05},
        {"units": 16, "dropout": 0.3, "augmentation": 0.5, "pen": 0.3, "styles": 0.5},
    ],
    ids=["norm and dropout", "cosine", "patience and plateau", "augmentation"],
)
@pytest.mark.parametrize("calls", [2, 12])
def test_a_run_that_was_stopped_in_the_middle_of_an_epoch_resumes_bit_for_bit(knobs, calls, tiny_mnist, short_calls):
    config = RunConfig(batch_size=64, epochs=4, **knobs)
    kept = []
    whole, undisturbed = record(config, tiny_mnist)
    stopped, before = record(config, tiny_mnist, control=Requests(stop_after=calls), save_state=kept.append)
    assert (stopped.ended.outcome, kept[-1].stopped, kept[-1].batch > 0) == (STOPPED, True, True)
    resumed, after = record(config, tiny_mnist, resume=kept[-1])
    assert_equal(whole, resumed)
    # The points of both parts are those of one run: none is missing and none is there twice.
    assert of(Started, after)[0].from_step == of(BatchDone, before)[-1].step < of(BatchDone, after)[0].step
    assert of(EpochDone, undisturbed)[-1].step == of(BatchDone, after)[-1].step
    assert of(BatchDone, after)[0].seconds > of(BatchDone, before)[-1].seconds


@pytest.mark.parametrize("schedule", ["constant", "exponential"])
@pytest.mark.parametrize("stop_after", [7, 10])  # in the middle of epoch 2, and just after it
def test_a_learning_rate_set_before_a_stop_is_still_used_after_the_resume(
    schedule, stop_after, tiny_mnist, short_calls
):
    config = SMALL.changed(schedule=schedule)
    kept = []
    whole, _ = record(config, tiny_mnist, control=Requests(rate_after=stop_after, rate=0.005))
    record(config, tiny_mnist, control=Requests(stop_after, rate_after=stop_after, rate=0.005), save_state=kept.append)
    resumed, _ = record(config, tiny_mnist, resume=kept[-1])
    assert_equal(whole, resumed)
    untouched, _ = record(config, tiny_mnist)
    assert whole.history["learning_rate"] != untouched.history["learning_rate"]


def test_a_run_can_be_stopped_again_and_again(tiny_mnist, short_calls):
    config = SMALL.changed(
        network="norm-dense16-dropout0.2", batch_size=70, epochs=2
    )  # a short batch, of a shape of its own
    whole, _ = record(config, tiny_mnist)
    state, result = None, None
    for _ in range(5):
        kept = []
        result, _ = record(config, tiny_mnist, resume=state, control=Requests(stop_after=3), save_state=kept.append)
        if result.ended.outcome != STOPPED:
            break
        state = kept[-1]
    assert result.ended.outcome == FINISHED
    assert_equal(whole, result)


def test_a_stopped_epoch_begins_again_on_a_data_set_of_another_size(tiny_mnist, short_calls):
    kept = []
    record(SMALL, tiny_mnist, control=Requests(stop_after=7), save_state=kept.append)
    assert (kept[-1].epoch, kept[-1].batch) == (1, 8)
    fewer = tiny_mnist._replace(train=tiny_mnist.train[:500])
    resumed, events = record(SMALL, fewer, resume=kept[-1])
    assert of(BatchDone, events)[0].step <= 8 + 4
    assert [event.step for event in of(EpochDone, events)] == [16, 24]
    assert resumed.ended.epochs == 3


def test_a_pause_is_an_event_and_takes_no_training_time(tiny_mnist, short_calls, monkeypatch):
    monkeypatch.setattr(trainer, "PAUSE_POLL_SECONDS", 0.3)

    class PausesOnce(Control):
        asked = 0

        def is_paused(self, epochs):
            self.asked += 1
            return self.asked in (3, 4)

    result, events = record(SMALL, tiny_mnist, control=PausesOnce())
    (paused,) = of(Paused, events)
    assert (paused.step, paused.epoch) == (12, 1)
    following = events[events.index(paused) + 1]
    assert following.seconds - paused.seconds < 0.3
    assert_equal(result, record(SMALL, tiny_mnist)[0])


def test_a_rate_set_between_two_epochs_is_one_of_the_next_for_what_was_kept_has_it_not(tiny_mnist):
    kept = []
    _, events = record(SMALL, tiny_mnist, control=Requests(rate_after=2, rate=0.002), save_state=kept.append)
    (changed,) = of(RateChanged, events)
    assert (changed.step, changed.epoch) == (16, 2)
    assert [event.learning_rate for event in of(EpochDone, events)] == pytest.approx([0.001, 0.002, 0.002])
    _, resumed = record(SMALL, tiny_mnist, resume=kept[0])
    assert [event.learning_rate for event in of(EpochDone, resumed)] == pytest.approx([0.001, 0.001])


def test_a_rate_set_by_hand_on_a_schedule_outlives_a_resume(tiny_mnist, short_calls):
    config = SMALL.changed(schedule="cosine", epochs=5)
    kept = []
    whole, _ = record(config, tiny_mnist, control=Requests(rate_after=5, rate=0.002), save_state=kept.append)
    resumed, _ = record(config, tiny_mnist, resume=kept[2])
    assert whole.history["learning_rate"] == resumed.history["learning_rate"]
    assert all(
        np.array_equal(a, b) for a, b in zip(whole.model.get_weights(), resumed.model.get_weights(), strict=True)
    )
    untouched, _ = record(config, tiny_mnist)
    assert whole.history["learning_rate"][-1] != untouched.history["learning_rate"][-1]


def test_an_epoch_is_kept_before_it_is_reported(tiny_mnist):
    seen = []
    train(
        SMALL,
        tiny_mnist,
        lambda e: seen.append(type(e).__name__),
        Hooks(save_state=lambda s: seen.append(f"kept {s.epoch}")),
    )
    epochs = [each for each in seen if each.startswith(("kept", "Epoch"))]
    assert epochs == ["kept 1", "EpochDone", "kept 2", "EpochDone", "kept 3", "EpochDone"]


def test_an_epoch_after_which_the_weights_have_run_away_is_reported_but_not_kept(tiny_mnist):
    kept = []
    config = SMALL.changed(hidden_layers=4, units=64, activation="elu", optimizer="sgd", learning_rate=10.0)
    _, events = record(config, tiny_mnist, save_state=kept.append)
    finite = [event.epoch for event in of(EpochDone, events) if np.isfinite([event.loss, event.validation_loss]).all()]
    assert [each.epoch for each in kept] == finite
    assert len(finite) < 3 == len(of(EpochDone, events))


def test_what_was_kept_of_an_epoch_predicts_as_its_model(tiny_mnist):
    kept = []
    trained, _ = record(SMALL, tiny_mnist, save_state=kept.append)
    images = tiny_mnist.test.images[:50]
    answers = Reader(SMALL, kept[-1].weights).probabilities(images)
    np.testing.assert_allclose(answers, trained.model.predict(images, verbose=0), atol=1e-6)
    np.testing.assert_allclose(answers, Predictor.from_model(trained.model).probabilities(images), atol=1e-6)
    sums = Reader(SMALL, kept[-1].weights).logits(images)
    np.testing.assert_allclose(sums, Predictor.from_model(trained.model).logits(images), rtol=1e-4, atol=1e-4)


def test_the_schedule_that_is_drawn_is_the_one_that_trains(tiny_mnist, monkeypatch):
    used = []
    run = Loop._next_call

    def watched(self):
        sums = run(self)
        self.sync()
        used.append(float(self.model.optimizer.learning_rate))
        return sums

    monkeypatch.setattr(Loop, "_next_call", watched)
    monkeypatch.setattr("core.training.call_size.estimate_step_seconds", lambda model, size: 1)  # one batch a call
    config = SMALL.changed(schedule="cosine", epochs=2)
    _, events = record(config, tiny_mnist)
    drawn = learning_rates(config, total_steps(config, 1000))
    np.testing.assert_allclose(used, drawn, rtol=1e-6)
    assert [event.learning_rate for event in of(EpochDone, events)] == [drawn[15], drawn[31]]


def test_patience_ends_a_run_early_and_keeps_the_best_weights(tiny_mnist):
    trained, events = record(SMALL.changed(epochs=40, patience=2, learning_rate=0.05), tiny_mnist)
    losses = [event.validation_loss for event in of(EpochDone, events)]
    assert len(losses) < 40
    assert trained.ended.best_epoch == 1 + int(np.argmin(losses))
    assert trained.ended.validation_loss == min(losses)
    loss, _ = trained.model.evaluate(tiny_mnist.validation.images, tiny_mnist.validation.labels, verbose=0)
    assert loss == pytest.approx(min(losses), rel=1e-4)


def test_a_run_with_patience_that_is_stopped_within_an_epoch_keeps_the_best_whole_one(tiny_mnist, short_calls):
    # Plain descent gets better all the time: the epoch that is broken off would be the best of all.
    config = SMALL.changed(patience=2, optimizer="sgd", learning_rate=0.1)
    trained, events = record(config, tiny_mnist, control=Requests(stop_after=13))
    losses = [event.validation_loss for event in of(EpochDone, events)]
    assert (trained.ended.outcome, trained.ended.epochs) == (STOPPED, len(losses)) == (STOPPED, 2)
    assert trained.model.optimizer.iterations > 32
    assert trained.ended.validation_loss == min(losses)
    loss, _ = trained.model.evaluate(tiny_mnist.validation.images, tiny_mnist.validation.labels, verbose=0)
    assert loss == pytest.approx(min(losses), rel=1e-4)


def test_a_preview_shows_the_network_as_it_is(tiny_mnist, monkeypatch):
    monkeypatch.setattr(trainer, "PREVIEW_SECONDS", 0.0)
    previews = []
    record(SMALL, tiny_mnist, preview=previews.append)
    assert previews[-1]["weights"].shape == (784, 16)
    assert previews[-1]["predicted"].dtype == np.uint8
    assert previews[-1]["predicted"].shape == (25,)
    record(SMALL.changed(network="norm-dense16", epochs=1), tiny_mnist, preview=previews.append)
    assert previews[-1]["weights"].shape == (784, 16), "a norm's own numbers are no picture"


def test_running_out_of_memory_names_the_batch_size(tiny_mnist, monkeypatch):
    def full(self, *call):
        raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 9 bytes")

    monkeypatch.setattr(Loop, "_next_call", full)
    with pytest.raises(DeviceError, match="batch_size 64"):
        record(SMALL, tiny_mnist)
