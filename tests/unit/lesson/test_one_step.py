"""One step by hand: the gradients are those of finite differences and of Keras, and a step lowers the loss."""

from itertools import pairwise

import numpy as np
import pytest

from core.lesson import one_step
from core.lesson.one_step import TinyNetwork


@pytest.fixture
def image(embedded):
    return embedded.train.images[7:8]


@pytest.fixture
def digits(embedded):
    return embedded.train[:32]


def test_an_untrained_network_guesses_about_one_in_ten(image):
    forward_pass = one_step.forward(one_step.untrained(), image, np.array([3]))
    assert forward_pass.probabilities.sum() == pytest.approx(1)
    assert 0.01 < forward_pass.probabilities[0, 3] < 0.5
    assert forward_pass.loss == pytest.approx(-np.log(forward_pass.probabilities[0, 3]))


def test_each_gradient_is_the_slope_of_the_loss(image):
    network, label, tiny = one_step.untrained(), np.array([3]), 1e-6
    gradients = one_step.backward(network, one_step.forward(network, image, label), label)
    rng = np.random.default_rng(0)
    for part, name in enumerate(TinyNetwork._fields):
        flat = getattr(network, name).reshape(-1)
        for at in rng.choice(flat.size, min(20, flat.size), replace=False):
            losses = []
            for sign in (1, -1):
                moved = [array.copy() for array in network]
                moved[part].reshape(-1)[at] += sign * tiny
                losses.append(one_step.forward(TinyNetwork(*moved), image, label).loss)
            assert gradients[part].reshape(-1)[at] == pytest.approx((losses[0] - losses[1]) / (2 * tiny), abs=1e-6)


def test_a_step_is_the_one_that_keras_takes(image):
    keras = pytest.importorskip("keras")
    network, label = one_step.untrained(), np.array([3])
    model = keras.Sequential(
        [keras.Input((784,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(10, activation="softmax")]
    )
    model.set_weights([array.astype(np.float32) for array in network])
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    model.train_on_batch(image.reshape(1, 784).astype(np.float32) / 255, label)
    stepped = one_step.train(network, image, label, 0.1, 1).network
    for ours, theirs in zip(stepped, model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_small_steps_lower_the_loss_each_time_and_huge_ones_raise_it(digits):
    small = one_step.train(one_step.untrained(), digits.images, digits.labels, 0.01, 100).losses
    assert len(small) == 101
    assert all(after < before for before, after in pairwise(small))
    huge = one_step.train(one_step.untrained(), digits.images, digits.labels, 30.0, 100).losses
    assert max(huge) > 2 * huge[0]


def test_a_blank_image_has_no_gradient_at_the_pixels():
    network, blank, label = one_step.untrained(), np.zeros((1, 28, 28), np.uint8), np.array([3])
    gradients = one_step.backward(network, one_step.forward(network, blank, label), label)
    assert not gradients.hidden_weights.any()
    assert np.isfinite(gradients.output_bias).all()
