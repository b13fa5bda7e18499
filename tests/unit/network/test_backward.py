"""The backward pass in NumPy gives the gradient of TensorFlow's tape: 784 numbers, computed in two ways."""

import numpy as np
import pytest

from core.network.backward import input_gradient
from tests.unit.network.test_forward import NETWORKS, with_any_weights


@pytest.mark.parametrize(
    "config", NETWORKS, ids=lambda config: config.network or f"{config.activation}{config.hidden_layers}"
)
def test_numpy_finds_the_slope_that_the_tape_finds(config, embedded):
    import keras
    import tensorflow as tf

    model, weights = with_any_weights(config)
    image = embedded.test.images[4]
    ink = tf.constant(image[None] / 255, tf.float32)
    below = keras.Sequential([layer for layer in model.layers[1:-1]])  # without scaling and softmax
    with tf.GradientTape() as tape:
        tape.watch(ink)
        values = below(ink, training=False) if below.layers else ink
        logit = tf.linalg.matvec(model.layers[-1].kernel, values, transpose_a=True)[0, 7]
    expected = np.asarray(tape.gradient(logit, ink)).reshape(28, 28)
    found = input_gradient(config, weights, image, 7)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
