"""`train` reports everything by events, follows requests and saves its state."""

import itertools

import numpy as np
import pytest

from core.config.schedules import learning_rates, total_steps
from core.errors import DeviceError
from core.network.numpy_network import Reader
from core.runs.events import FINISHED, STOPPED, BatchDone, EpochDone, Paused, RateChanged, Started
from core.training import live_preview, trainer
from core.training.engine import Loop
from core.training.hooks import Control, Hooks
from core.training.predict import Predictor
from core.training.trainer import train
from tests.unit.training.recorded import SMALL, Requests, assert_equal, of, record

pytestmark = pytest.mark.usefixtures("nothing_is_compiled")  # a whole worker is tested compiled


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
    monkeypatch.setattr(live_preview, "PREVIEW_SECONDS", 0.0)
    previews = []
    record(SMALL, tiny_mnist, preview=previews.append)
    assert previews[-1]["weights"].shape == (784, 16)
    assert previews[-1]["predicted"].dtype == np.uint8
    assert previews[-1]["predicted"].shape == (25,)
    record(SMALL.changed(network="norm-dense16", epochs=1), tiny_mnist, preview=previews.append)
    assert previews[-1]["weights"].shape == (784, 16), "a norm's own numbers are no picture"


@pytest.mark.parametrize("knobs", [{}, {"patience": 1, "epochs": 6, "learning_rate": 0.1}])
def test_the_last_preview_is_of_the_final_network_however_short_the_run_is(tiny_mnist, knobs):
    """Train showed 25 of 25 right below a film whose last moment had 24: the preview was up to a second old."""
    previews = []
    result, _ = record(SMALL.changed(**knobs), tiny_mnist, preview=previews.append)
    digits = (tiny_mnist.validation if SMALL.holds_out else tiny_mnist.test)[:25]
    answers = np.asarray(result.model(digits.images, training=False)).argmax(1)
    np.testing.assert_array_equal(previews[-1]["predicted"], answers)
    np.testing.assert_array_equal(previews[-1]["weights"], result.model.get_weights()[0])


def test_running_out_of_memory_names_the_batch_size(tiny_mnist, monkeypatch):
    def full(self, *call):
        raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 9 bytes")

    monkeypatch.setattr(Loop, "_next_call", full)
    with pytest.raises(DeviceError, match="batch_size 64"):
        record(SMALL, tiny_mnist)
