"""The fast path trains what stock Keras trains, step by step, and leaves the rest of Keras unchanged."""

import keras
import numpy as np
import pytest

from core.augment.distortions import augment_images
from core.augment.redraw import EpochPrefetcher, Redrawer
from core.config.run_config import RunConfig
from core.data.random_streams import DISTORTIONS, random
from core.devices.computing import on_gpu
from core.training import models, train_step
from core.training.batching import LoopOptions, shuffled_order
from core.training.call_size import estimate_step_seconds
from core.training.engine import Loop

IMAGES, BATCH = 210, 32  # six whole batches and a short one of 18


@pytest.fixture(scope="module")
def digits(embedded):
    return embedded.train[:IMAGES]


@pytest.fixture(scope="module")
def held_out(embedded):
    return embedded.validation[:100]


def by_stock_keras(config, digits, epochs=1):
    """Weights, and loss and accuracy of each batch, when Keras' own train step takes the same batches."""
    model = models.build(config)
    model.jit_compile = keras.backend.backend() == "jax"  # op by op, JAX compiles a hundred small programs
    labels = np.eye(10)[digits.labels] if config.loss == "one-hot" else digits.labels
    figures = []
    for epoch in range(epochs):
        shuffled = shuffled_order(config.seed, epoch, len(digits))
        for start in range(0, len(digits), BATCH):
            batch = shuffled[start : start + BATCH]
            model.reset_metrics()
            figures.append(model.train_on_batch(digits.images[batch], labels[batch]))
    return model.get_weights(), np.array(figures)


def by_engine(config, digits, epochs=1, batches_per_call=1, callbacks=(), **more):
    """The same by the engine, and the sums of each of its calls."""
    model = models.build(config)
    loop = Loop(
        model, digits, None, LoopOptions(batch_size=BATCH, seed=config.seed, batches_per_call=batches_per_call, **more)
    )
    calls = []
    with_query = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: calls.append(loop.pop_sums()))
    history = loop.fit(epochs, [with_query, *callbacks])
    return model, calls, history


@pytest.mark.parametrize(
    "knobs",
    [
        {"hidden_layers": 2, "units": 32, "optimizer": "rmsprop", "loss": "one-hot"},
        {"units": 32, "optimizer": "adam"},
        {"units": 16, "optimizer": "sgd", "learning_rate": 0.1, "activation": "tanh"},
        pytest.param(
            {"units": 16, "optimizer": "momentum", "learning_rate": 0.01, "activation": "sigmoid"},
            marks=pytest.mark.slow,
        ),
        {"units": 16, "optimizer": "adamw", "activation": "gelu"},
        pytest.param({"units": 16, "optimizer": "nadam", "activation": "elu"}, marks=pytest.mark.slow),
        {"network": "dense10"},
        pytest.param({"network": "norm-dense16"}, marks=pytest.mark.slow),
        {"network": "conv4x5-norm-pool3-dense16-norm"},
    ],
    ids=lambda knobs: knobs.get("network") or knobs["optimizer"],
)
def test_every_step_is_that_of_stock_keras(knobs, digits):
    config = RunConfig(**knobs)
    weights, figures = by_stock_keras(config, digits)
    model, calls, _ = by_engine(config, digits)
    assert [call.images for call in calls] == [32] * 6 + [18]
    np.testing.assert_allclose([call.mean_loss for call in calls], figures[:, 0], rtol=1e-4)
    np.testing.assert_allclose([call.accuracy for call in calls], figures[:, 1], atol=1e-6)
    for mine, theirs in zip(model.get_weights(), weights, strict=True):
        # Adam's first steps divide a gradient by itself: where it is nearly 0, its last bits decide.
        assert np.mean(np.abs(mine - theirs)) < 2e-5


def test_batches_of_ten_images_train_as_others_do(digits):
    # As many as there are digits: what stands upright for one of the two must not be taken for the other.
    config = RunConfig(units=16, optimizer="sgd", learning_rate=0.1)
    stock, mine = models.build(config), models.build(config)
    stock.jit_compile = keras.backend.backend() == "jax"
    shuffled = shuffled_order(config.seed, 0, 60)
    for start in range(0, 60, 10):
        batch = shuffled[start : start + 10]
        stock.train_on_batch(digits.images[batch], digits.labels[batch])
    Loop(mine, digits[:60], None, LoopOptions(batch_size=10, seed=config.seed)).fit(1)
    for theirs, here in zip(stock.get_weights(), mine.get_weights(), strict=True):
        np.testing.assert_allclose(here, theirs, atol=1e-5)


def test_many_batches_a_call_train_the_same_as_one(digits):
    config = RunConfig(units=32, dropout=0.3)
    one, each, history = by_engine(config, digits, epochs=2)
    many, calls, same_history = by_engine(config, digits, epochs=2, batches_per_call=4)
    assert [call.images for call in calls] == [128, 82] * 2
    for mine, theirs in zip(one.get_weights(), many.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)  # the compiler may add up in another order
    assert history.history["loss"] == pytest.approx(same_history.history["loss"], rel=1e-5)
    assert calls[0].loss == pytest.approx(sum(call.loss for call in each[:4]), rel=1e-6)


def test_keras_own_figures_of_an_epoch_count_every_image_once(digits):
    _, calls, history = by_engine(RunConfig(units=16), digits, batches_per_call=3)
    assert sum(call.images for call in calls) == IMAGES
    assert history.history["loss"] == [pytest.approx(sum(call.loss for call in calls) / IMAGES, rel=1e-6)]
    assert history.history["accuracy"] == [pytest.approx(sum(call.correct for call in calls) / IMAGES)]


def test_every_image_is_taken_once_an_epoch_and_each_epoch_in_its_own_order():
    first, second = shuffled_order(1, 0, 1000), shuffled_order(1, 1, 1000)
    assert sorted(first) == sorted(second) == list(range(1000))
    assert list(first) != list(second)
    assert list(first) == list(shuffled_order(1, 0, 1000))


def test_validation_counts_as_keras_evaluate(digits, held_out):
    model = models.build(RunConfig(units=16, dropout=0.5))
    loop = Loop(model, digits, held_out, LoopOptions(batch_size=BATCH, seed=1))
    history = loop.fit(1).history
    loss, accuracy = model.evaluate(held_out.images, held_out.labels, batch_size=7, verbose=0)
    assert history["val_loss"] == [pytest.approx(loss, rel=1e-5)]
    assert history["val_accuracy"] == [pytest.approx(accuracy)]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a rule for TensorFlow")
def test_convolutions_go_without_xla_on_a_processor_and_dense_networks_with_it():
    from core.training.engine_tensorflow import should_compile

    assert should_compile(models.build(RunConfig(dropout=0.2)))
    assert should_compile(models.build(RunConfig(network="conv4x3-pool2"))) is on_gpu()


def test_a_call_is_cut_to_about_a_twentieth_of_a_second(digits):
    model = models.build(RunConfig(units=512))
    one, four = estimate_step_seconds(model, 32), estimate_step_seconds(model, 128)
    assert one < four < 4 * one  # a larger batch takes longer, but its images less each
    loop = Loop(model, digits, None, LoopOptions(batch_size=2, seed=1))
    assert loop.batches_per_call == min(round(0.05 / estimate_step_seconds(model, 2)), 105)


def test_dropout_silences_its_share_and_keeps_the_mean():
    x = np.ones((64, 500), np.float32)
    out = np.asarray(train_step.apply_dropout(x, 0.2, 7, 3))
    assert set(np.unique(out)) == {0, np.float32(1.25)}
    assert (out == 0).mean() == pytest.approx(0.2, abs=5 * np.sqrt(0.2 * 0.8 / out.size))


def test_dropout_is_new_in_every_step_layer_and_place():
    # 32,000 coins each: two independent masks agree in half of the places, within five standard deviations.
    x = np.ones((64, 500), np.float32)
    masks = [
        np.asarray(train_step.apply_dropout(x, 0.5, seed, step)) > 0
        for seed in (1, 2, 2**32 - 1)
        for step in (0, 1, 2, 1000)
    ]
    tolerance = 5 * 0.5 / np.sqrt(x.size)
    for i, mask in enumerate(masks):
        for other in masks[:i]:
            assert (mask == other).mean() == pytest.approx(0.5, abs=tolerance)
        for shift in (1, 2, 16, 500):
            flat = mask.ravel()
            assert (flat[shift:] == flat[:-shift]).mean() == pytest.approx(0.5, abs=tolerance)


@pytest.mark.skipif(on_gpu(), reason="a GPU computes products in TF32, which are not those of float32")
def test_dropout_trains_as_keras_does_with_the_same_masks(digits):
    config = RunConfig(units=32, dropout=0.4, optimizer="sgd", learning_rate=0.1)
    model = models.build(config)
    hidden, dropped, top = model.layers[-3:]
    images = digits.images[shuffled_order(1, 0, IMAGES)][:BATCH].reshape(BATCH, 784) / np.float32(255)
    labels = np.eye(10)[digits.labels[shuffled_order(1, 0, IMAGES)][:BATCH]]
    (w1, b1), (w2, b2) = hidden.get_weights(), top.get_weights()
    summed = images @ w1 + b1
    mask = np.asarray(train_step.apply_dropout(np.ones((BATCH, 32), np.float32), 0.4, dropped.seed, 0))
    above = np.maximum(summed, 0) * mask
    scores = np.exp(above @ w2 + b2)
    wrong = (scores / scores.sum(1, keepdims=True) - labels) / BATCH
    below = (wrong @ w2.T) * mask * (summed > 0)
    by_hand = [
        w1 - 0.1 * images.T @ below,
        b1 - 0.1 * below.sum(0),
        w2 - 0.1 * above.T @ wrong,
        b2 - 0.1 * wrong.sum(0),
    ]
    first = digits[shuffled_order(1, 0, IMAGES)[:BATCH]]
    Loop(model, first, None, LoopOptions(batch_size=BATCH, seed=1, custom_order=lambda epoch: np.arange(BATCH))).fit(1)
    for mine, theirs in zip(model.get_weights(), by_hand, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_the_same_seed_gives_the_same_weights_bit_for_bit(embedded):
    # The dense kernel is large enough for two threads to share its products.
    config = RunConfig(units=256, dropout=0.2, batch_size=64)
    weights = []
    for _ in range(2):
        model = models.build(config)
        Loop(model, embedded.train[:1500], None, LoopOptions(batch_size=64, seed=1)).fit(2)
        weights.append(model.get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))


@pytest.mark.slow
def test_the_rate_of_each_step_is_the_one_it_was_given(digits):
    # Plain gradient descent at a rate of 0 stands still; one batch at 0.5 is one step of it.
    config = RunConfig(units=8, optimizer="sgd", learning_rate=0.5)
    rates = np.zeros(7, np.float32)
    still, _, _ = by_engine(config, digits, batches_per_call=4, rates=rates)
    fresh = models.build(config).get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(still.get_weights(), fresh, strict=True))
    rates[2] = 0.5
    moved, _, _ = by_engine(config, digits, batches_per_call=4, rates=rates)
    assert not np.array_equal(moved.get_weights()[0], fresh[0])
    rates[2], rates[6] = 0, 0.5  # the short batch has its own
    late, _, _ = by_engine(config, digits, batches_per_call=4, rates=rates)
    assert not np.array_equal(late.get_weights()[0], fresh[0])


def test_images_can_be_made_again_each_epoch(digits):
    blank = np.zeros_like(digits.images)
    config = RunConfig(units=8)
    model, _, _ = by_engine(config, digits, epochs=2, augment=lambda epoch: blank)
    fresh = models.build(config).get_weights()[0]
    assert np.array_equal(model.get_weights()[0], fresh)  # without ink no weight of the first layer has a gradient


def test_it_trains_on_the_images_that_prepare_shows(digits):
    config = RunConfig(units=8, augmentation=0.8, pen=0.5, styles=0.5, epochs=3)
    drawn = EpochPrefetcher(Redrawer(digits.images, digits.labels, config))
    loop = Loop(models.build(config), digits, None, LoopOptions(BATCH, config.seed, augment=drawn))
    loop.begin_epoch(1)
    trained = np.asarray(loop.backend.images).reshape(digits.images.shape).astype(int)
    shown = augment_images(digits.images, digits.labels, config, random(config.seed, 1, DISTORTIONS))
    assert np.abs(trained - shown).max() <= 1  # one grey level, for a backend that draws on its device


def test_after_the_fast_path_keras_own_fit_works_again(digits):
    model, _, _ = by_engine(RunConfig(units=8), digits)
    model.fit(digits.images, digits.labels, batch_size=BATCH, verbose=0)
    assert model.optimizer.iterations == 14
