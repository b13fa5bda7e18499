"""Moments show the network as it is at their step, and a run with moments trains what it trains without them."""

import statistics
import time
from bisect import insort

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.network.forward import activations
from core.runs.events import BatchDone, EpochDone, Started, Untrained
from core.runs.moments import fixed_images
from core.training import models, moment_capture, moment_pace
from core.training.hooks import Control, Hooks
from core.training.moment_capture import moment_steps, whole_steps
from core.training.moment_measure import MomentMeasure
from core.training.trainer import train

pytestmark = pytest.mark.usefixtures("nothing_is_compiled")
SMALL = RunConfig(units=48, batch_size=64, epochs=3)  # 1,000 images: 15 whole batches and a short one


class Moments(list):
    """A sink in memory."""

    def write(self, moment):
        insort(self, moment, key=lambda each: each.step)  # the newest is measured first

    def remove(self, step):
        self[:] = [moment for moment in self if moment.step != step]

    def discard_after(self, step):
        self[:] = [moment for moment in self if moment.step <= step]


def run(config, data, *, resume=None, **hooks):
    events, kept = [], []
    trained = train(config, data, events.append, Hooks(save_state=kept.append, **hooks), resume)
    return trained, events, kept


NETWORKS = {
    "dense": SMALL,
    "two layers, dropout, schedule": SMALL.changed(network="dense40-dropout0.3-dense20", schedule="cosine"),
    "convolution with norm": SMALL.changed(network="conv4x5-norm-pool4-dense16-norm", optimizer="nadam"),
    "convolution": SMALL.changed(network="conv4x5-pool4-dropout0.2"),
    "softmax alone": SMALL.changed(network="dropout0.1", optimizer="adamw"),
}


@pytest.mark.parametrize("config", NETWORKS.values(), ids=NETWORKS.keys())
def test_a_run_with_moments_trains_the_same_weights_bit_for_bit(config, tiny_mnist, short_calls):
    plain, plain_events, _ = run(config, tiny_mnist)
    moments = Moments()
    shown, events, _ = run(config, tiny_mnist, moments=moments)
    assert all(np.array_equal(a, b) for a, b in zip(plain.model.get_weights(), shown.model.get_weights(), strict=True))
    assert plain.history["loss"] == shown.history["loss"]
    epochs = [[event.loss for event in recorded if isinstance(event, EpochDone)] for recorded in (plain_events, events)]
    assert epochs[0] == epochs[1]
    assert [moment.step for moment in moments] == moment_steps(3, 16)


@pytest.mark.parametrize("config", NETWORKS.values(), ids=NETWORKS.keys())
def test_a_moment_shows_the_network_as_it_was_at_its_step(config, tiny_mnist, short_calls):
    moments = Moments()
    trained, _, kept = run(config, tiny_mnist, moments=moments)
    by_step = {moment.step: moment for moment in moments}
    validation = tiny_mnist.validation[fixed_images(tiny_mnist.validation)]
    fresh = models.get_weights(models.build(config))
    for step, weights in [(0, fresh), *((16 * each.epoch, each.weights) for each in kept)]:
        moment = by_step[step]
        rows = activations(config, weights, validation.images)
        probabilities = rows[-1][1]
        np.testing.assert_allclose(moment.probabilities, probabilities, atol=2e-3)
        assert moment.validation_accuracy == pytest.approx(
            (probabilities.argmax(1) == validation.labels).mean(), abs=0.011
        )
        named = [row for row, _ in rows if row.kind in ("dense", "conv")]
        assert [layer.kind for layer in moment.layers] == [row.kind for row in named]
        for layer, row in zip(moment.layers, named, strict=True):
            kernel = weights[f"digit_lab/{row.name}/kernel"]
            np.testing.assert_allclose(layer.kernel, kernel[..., layer.units], atol=1e-3)
    for mine, theirs in zip(moments[0].weights, fresh.values(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    last = trained.history
    assert moments[-1].loss == pytest.approx(last["loss"][-1])
    assert moments[-1].accuracy == pytest.approx(last["accuracy"][-1])
    assert moments[-1].epoch == 3.0


def test_while_other_programs_have_the_processor_the_rests_are_not_longer(tiny_mnist, short_calls, monkeypatch):
    """On a computer with more to do, the drawn network stood still for four seconds and more."""
    taken = []

    class Slowed(MomentMeasure):
        def __call__(self, *arguments):
            time.sleep(0.05)
            return super().__call__(*arguments)

    monkeypatch.setattr(moment_capture, "MomentMeasure", Slowed)
    monkeypatch.setattr(moment_capture.MomentPace, "note", lambda pace, seconds, is_newer: taken.append(seconds))
    run(SMALL.changed(epochs=1), tiny_mnist, moments=Moments())
    assert len(taken) == len(moment_steps(1, 16))
    assert statistics.median(taken) < 0.05


def test_a_resumed_run_continues_the_series(tiny_mnist, short_calls):
    whole, once = Moments(), Moments()
    _, _, kept = run(SMALL, tiny_mnist, moments=whole)
    run(SMALL.changed(epochs=2), tiny_mnist, moments=once)
    before = [moment.step for moment in once]
    _, events, _ = run(SMALL, tiny_mnist, moments=once, resume=kept[1])
    after = [moment.step for moment in once if moment.step > 32]
    assert [moment.step for moment in once] == [*before, *after]
    assert after == [moment.step for moment in whole if moment.step > 32]
    assert whole[-1].layers[0].update_ratio == pytest.approx(once[-1].layers[0].update_ratio)
    np.testing.assert_array_equal(whole[-1].probabilities, once[-1].probabilities)
    assert not any(isinstance(event, Untrained) for event in events)


def test_a_run_that_is_stopped_in_an_epoch_and_resumed_has_the_moments_of_a_whole_run(tiny_mnist, short_calls):
    class Stop(Control):
        calls = 0

        def should_stop(self):
            self.calls += 1
            return self.calls == 6  # after 20 of 48 steps: four calls and the end of an epoch come before

    whole, parts = Moments(), Moments()
    run(SMALL, tiny_mnist, moments=whole)
    stopped, _, kept = run(SMALL, tiny_mnist, moments=parts, control=Stop())
    assert parts[-1].step == 20  # the film ends with the network that was kept
    images = tiny_mnist.validation[fixed_images(tiny_mnist.validation)].images
    np.testing.assert_allclose(parts[-1].probabilities, stopped.model.predict(images, verbose=0), atol=1e-3)
    run(SMALL, tiny_mnist, moments=parts, resume=kept[-1])
    assert [moment.step for moment in parts] == [moment.step for moment in whole]
    for mine, theirs in zip(parts, whole, strict=True):
        np.testing.assert_array_equal(mine.probabilities, theirs.probabilities)
        np.testing.assert_equal((mine.loss, mine.accuracy), (theirs.loss, theirs.accuracy))


def test_the_film_of_a_long_run_that_is_stopped_at_the_end_of_an_epoch_ends_with_its_network(tiny_mnist, short_calls):
    class Stop(Control):
        def should_stop(self):
            return moments.stopped_at == 48

    class Film(Moments):
        stopped_at = 0

    def note(event):
        if isinstance(event, BatchDone):
            moments.stopped_at = event.step

    long = SMALL.changed(epochs=60)
    assert 48 not in moment_steps(long.epochs, 16), "not every epoch of a long run has a moment"
    moments = Film()
    stopped = train(long, tiny_mnist, note, Hooks(Stop(), moments=moments))
    assert len(stopped.history["loss"]) == 3
    assert moments[-1].step == 48
    images = tiny_mnist.validation[fixed_images(tiny_mnist.validation)].images
    np.testing.assert_allclose(moments[-1].probabilities, stopped.model.predict(images, verbose=0), atol=1e-3)
    assert moments[-1].accuracy == pytest.approx(stopped.history["accuracy"][-1])


@pytest.mark.parametrize("patience", [1, 2])
def test_the_film_of_a_run_that_patience_ends_has_its_last_epoch(tiny_mnist, patience):
    moments, config = Moments(), SMALL.changed(epochs=60, patience=patience, learning_rate=0.2)
    ended, _, _ = run(config, tiny_mnist, moments=moments)
    steps = 16 * len(ended.history["loss"])
    assert steps < 16 * 60
    assert [moment.step for moment in moments] == sorted({*(s for s in moment_steps(60, 16) if s <= steps), steps})


def test_what_an_earlier_attempt_wrote_after_the_resume_is_discarded(tiny_mnist, short_calls):
    moments = Moments()
    _, _, kept = run(SMALL, tiny_mnist, moments=moments)
    steps = [moment.step for moment in moments]
    run(SMALL, tiny_mnist, moments=moments, resume=kept[0])
    assert [moment.step for moment in moments] == steps


@pytest.mark.parametrize("epochs", [1, 3, 5, 10, 23, 24, 50, 200])
@pytest.mark.parametrize("batches", [16, 469, 1875, 60000])
def test_a_run_has_thirty_to_sixty_moments_that_end_with_it(epochs, batches):
    steps = moment_steps(epochs, batches)
    assert steps == sorted(set(steps))
    assert steps[0] == 0
    assert steps[1] == 1
    assert steps[-1] == epochs * batches
    assert len(steps) <= 60
    assert len(steps) >= 30 or epochs * batches < 3000
    if epochs <= 24:
        assert {batches * epoch for epoch in range(1, epochs + 1)} <= set(steps)
    for more in (1, epochs):
        assert len([step for step in moment_steps(epochs + more, batches) if step > epochs * batches]) <= 60


def test_the_film_of_a_long_run_shows_its_first_epochs():
    """It went from step 512 to epoch 17: all that the network learned lay between them."""
    early = [step / 1875 for step in moment_steps(400, 1875) if 0 < step < 17 * 1875]
    assert len([epoch for epoch in early if epoch > 0.3]) >= 3
    assert max(early) > 2


def test_at_most_six_moments_hold_all_weights(tiny_mnist):
    moments = Moments()
    run(SMALL, tiny_mnist, moments=moments)
    whole = [moment.step for moment in moments if moment.weights]
    assert len(whole) == 6
    assert whole[0] == 0
    assert not {16, 32, 48} & set(whole), "the ends of epochs have files of their own"


def test_whole_moments_of_a_large_network_take_little_room():
    steps = moment_steps(5, 1875)
    assert whole_steps(steps, 1875, 4 * 669_706) == {0}
    assert len(whole_steps(steps, 1875, 1_000_000)) == 3
    assert whole_steps(steps, 1875, 80_000_000) == set()


def test_curves_begin_with_the_untrained_network(tiny_mnist):
    config = SMALL.changed(epochs=1)
    _, events, _ = run(config, tiny_mnist)
    started, untrained = events[:2]
    assert isinstance(started, Started)
    assert isinstance(untrained, Untrained)
    model = models.build(config)
    loss, accuracy = model.evaluate(tiny_mnist.validation.images, tiny_mnist.validation.labels, verbose=0)
    assert untrained.validation_accuracy == pytest.approx(accuracy, abs=1e-6)
    assert untrained.validation_loss == pytest.approx(loss, rel=1e-4)
    assert 0.02 < untrained.accuracy < 0.25
    _, events, _ = run(config.changed(validate_on="none"), tiny_mnist)
    assert events[1].validation_accuracy is None


def test_an_error_of_the_thread_that_measures_is_raised_at_the_end(tiny_mnist, monkeypatch):
    def fail(self, *arguments):
        raise AssertionError("a defect")

    monkeypatch.setattr(MomentMeasure, "__call__", fail)
    with pytest.raises(AssertionError, match="a defect"):
        run(SMALL.changed(epochs=1), tiny_mnist, moments=Moments())


def test_who_pauses_a_run_sees_the_network_as_it_is_then(tiny_mnist, short_calls, monkeypatch):
    """It stood at an earlier step until the run went on. Of 30 epochs, the third ends without a moment, at step 48."""
    moments, shown = Moments(), []
    for pause in ("GLANCE_SECONDS", "WATCHED_REST_SECONDS"):  # a slow machine would rest for seconds
        monkeypatch.setattr(moment_pace, pause, 0.0)
    monkeypatch.setattr(moment_pace, "SHARE_WHILE_WATCHED", 100.0)

    class PausesAfterThreeEpochs(Control):
        looks, seen, is_over = 0, 0, False

        def is_watched(self):
            return True

        def is_paused(self, epochs):
            if epochs != 3 or self.is_over:
                return False
            self.looks, self.seen = self.looks + 1, moments[-1].step if moments else 0
            self.is_over = self.seen == 48 or self.looks == 400
            return not self.is_over

        def should_stop(self):
            return self.is_over

    control = PausesAfterThreeEpochs()
    run(SMALL.changed(epochs=30), tiny_mnist, moments=moments, control=control, preview=shown.append)
    assert control.seen == 48
    assert len(shown) == 2  # as the pause began, and at the end: a run as short as this has no other
