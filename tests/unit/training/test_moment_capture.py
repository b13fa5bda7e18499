"""Moments show the network as it is at their step, and a run with moments trains what it trains without them."""

from bisect import insort

import keras
import numpy as np
import pytest

from core.config.recipes import RECIPES
from core.config.run_config import RunConfig
from core.data.mnist import Mnist
from core.data.sampling import stratified_sample
from core.network.architecture import layer_table
from core.network.forward import activations
from core.network.initial_weights import initial_weights
from core.runs.events import EpochDone, Started, Untrained
from core.runs.moments import fixed_images, write_moment
from core.runs.store import RunStore
from core.training import models, moment_measure, moment_pace
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


def test_activations_and_dead_units_are_those_after_the_normalisation(tiny_mnist):
    config = SMALL.changed(network="conv40x5-norm-pool4-dense16")
    model = models.build(config)
    measure = MomentMeasure(config, tiny_mnist)
    moment = measure(0, 0.0, None, model.get_weights())
    images = tiny_mnist.validation.images[fixed_images(tiny_mnist.validation)]
    outputs = {row.name: values for row, values in activations(config, models.get_weights(model), images)}
    conv, dense, _ = moment.layers
    assert (conv.name, dense.name) == ("conv40x5", "dense16")
    maps = outputs["activation1"][:25][..., conv.units]
    assert conv.activations.shape == (25, 12, 12, 32)
    np.testing.assert_allclose(conv.peaks, outputs["activation1"].max(axis=(1, 2))[:, conv.units], rtol=1e-2, atol=1e-2)
    np.testing.assert_allclose(conv.activations[:, 0, 0], maps[:, :2, :2].mean(axis=(1, 2)), atol=1e-2)
    np.testing.assert_allclose(dense.activations, outputs["dense1"], rtol=1e-2, atol=1e-2)
    assert conv.dead == pytest.approx((outputs["activation1"].max(axis=(0, 1, 2)) <= 0).mean())
    assert dense.dead == pytest.approx((outputs["dense1"].max(axis=0) <= 0).mean())


def test_positions_are_the_two_first_principal_components(tiny_mnist):
    config = SMALL.changed(network="dense64")
    model = models.build(config)
    moment = MomentMeasure(config, tiny_mnist)(0, 0.0, None, model.get_weights())
    images = tiny_mnist.validation.images[fixed_images(tiny_mnist.validation)]
    hidden = activations(config, models.get_weights(model), images)[-2][1]
    left, sizes, _ = np.linalg.svd(hidden - hidden.mean(axis=0), full_matrices=False)
    for place in (0, 1):
        exact = left[:, place] * sizes[place]
        close = abs(np.corrcoef(moment.positions[:, place], exact)[0, 1])
        assert close > 0.999
        assert np.linalg.norm(moment.positions[:, place]) == pytest.approx(sizes[place], rel=1e-3)


def test_the_update_ratio_is_the_change_of_a_kernel_per_step(tiny_mnist):
    measure = MomentMeasure(SMALL, tiny_mnist)
    weights = models.build(SMALL).get_weights()
    first = measure(0, 0.0, None, weights)
    second = measure(4, 0.25, None, [1.5 * weights[0], *weights[1:]], (0, weights))
    assert np.isnan(first.layers[0].update_ratio)
    assert second.layers[0].update_ratio == pytest.approx(0.5 / 1.5 / 4)
    assert second.layers[1].update_ratio == 0


def test_a_network_that_diverged_has_moments_too(tiny_mnist):
    weights = [np.full_like(weight, np.nan) for weight in models.build(SMALL).get_weights()]
    with np.errstate(all="ignore"):
        moment = MomentMeasure(SMALL, tiny_mnist)(5, 0.1, None, weights)
    assert np.isnan(moment.positions).all()
    assert np.isnan(moment.validation_loss)


def test_who_pauses_a_run_sees_the_network_as_it_is_then(tiny_mnist, short_calls, monkeypatch):
    """It stood at an earlier step until the run went on. Of 30 epochs, the third ends without a moment, at step 48."""
    moments, shown = Moments(), []
    monkeypatch.setattr(moment_pace, "GLANCE_SECONDS", 0.0)

    class PausesAfterThreeEpochs(Control):
        looks, seen, is_over = 0, 0, False

        def is_watched(self):
            return True

        def is_paused(self, epochs):
            if epochs != 3 or self.is_over:
                return False
            self.looks, self.seen = self.looks + 1, moments[-1].step if moments else 0
            self.is_over = self.seen == 48 or self.looks == 40
            return not self.is_over

        def should_stop(self):
            return self.is_over

    control = PausesAfterThreeEpochs()
    run(SMALL.changed(epochs=30), tiny_mnist, moments=moments, control=control, preview=shown.append)
    assert control.seen == 48
    assert len(shown) == 2  # as the pause began, and at the end: a run as short as this has no other


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


@pytest.mark.parametrize("network", ["dense512-dense512", "dense4096-dense4096", "conv512x3-conv512x3", "dense16"])
def test_a_moment_stays_small(network):
    config = RunConfig(network=network)
    units = moment_measure._units_shown(layer_table(config), 500)
    for row in layer_table(config):
        if row.kind in ("dense", "conv"):
            assert len(units[row.name]) <= 32
            assert units[row.name].dtype == np.int32
            assert units[row.name][-1] == row.output_shape[-1] - 1
    assert len(units["probabilities"]) == 10


@pytest.mark.parametrize(
    ("config", "batches", "most"),
    [
        pytest.param(RECIPES["dli"].config, 1875, 10_000_000, id="dli"),
        pytest.param(RECIPES["best"].config, 469, 20_000_000, id="best", marks=pytest.mark.slow),
    ],
)
def test_all_moments_of_a_run_take_little_room(config, batches, most, embedded, tmp_path):
    store = RunStore(tmp_path)
    data = Mnist(embedded.train, embedded.train[:1000], embedded.test, embedded.source)
    run, measure = store.create(config), MomentMeasure(config, data)
    steps = moment_steps(config.epochs, batches)
    measure.whole_steps = whole_steps(steps, batches, 4 * measure.parameters)
    weights = list(initial_weights(config).values())
    with_all, without = 0, next(step for step in steps if step not in measure.whole_steps)
    for step in (with_all, without):
        write_moment(run, measure(step, 0.0, None, weights))
    sizes = {step: (run.folder / f"moments/{step:08d}.npz").stat().st_size for step in (with_all, without)}
    assert len(measure.images) == 500
    whole = len(measure.whole_steps)
    assert whole * sizes[with_all] + (len(steps) - whole) * sizes[without] <= most, sizes


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


def test_the_images_are_those_of_the_held_out_part_also_without_validation(tiny_mnist):
    measure = MomentMeasure(SMALL.changed(validate_on="none"), tiny_mnist)
    np.testing.assert_array_equal(measure.images[:25], tiny_mnist.validation.images[:25])
    assert keras.backend.backend()
    assert stratified_sample is not None
