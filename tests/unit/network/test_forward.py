"""The NumPy forward pass gives what Keras gives: ten numbers, computed in two ways."""

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.network import forward
from core.network.dead_units import dead_units
from core.network.numpy_network import Reader

NETWORKS = [
    RunConfig(hidden_layers=0),
    RunConfig(hidden_layers=2, units=32, dropout=0.5),
    RunConfig(network="conv4x3-norm-pool2-conv6x3-dropout0.2-dense16-norm"),
    RunConfig(network="conv5x5-pool3-dense12"),
    *(RunConfig(units=24, activation=name) for name in ("elu", "gelu", "tanh", "sigmoid", "linear")),
]


def with_any_weights(config: RunConfig):
    """A Keras model with random weights, also for the running mean and variance of a norm; and those by their path."""
    from core.training.models import build, get_weights

    model, rng = build(config), np.random.default_rng(3)
    for weight in model.weights:
        drawn = rng.normal(0, 0.1, weight.shape)
        weight.assign(np.abs(rng.normal(0.1, 0.3, weight.shape)) if "variance" in weight.path else drawn)
    return model, get_weights(model)


@pytest.mark.parametrize(
    "config", NETWORKS, ids=lambda config: config.network or f"{config.activation}{config.hidden_layers}"
)
def test_numpy_predicts_what_keras_predicts(config, embedded):
    model, weights = with_any_weights(config)
    images = embedded.test.images[:20]
    _, probabilities = forward.activations(config, weights, images)[-1]
    np.testing.assert_allclose(probabilities, np.asarray(model(images, training=False)), atol=2e-5)


def test_dead_units_are_counted(embedded):
    config = RunConfig(units=10)
    rng = np.random.default_rng(1)
    weights = {
        "digit_lab/dense1/kernel": rng.normal(0, 0.1, (784, 10)),
        "digit_lab/dense1/bias": np.array([-1000.0] * 3 + [1000.0] * 7),
        "digit_lab/probabilities/kernel": np.zeros((10, 10)),
        "digit_lab/probabilities/bias": np.zeros(10),
    }
    reader = Reader(config, {name: value.astype(np.float32) for name, value in weights.items()})
    assert dead_units(reader, embedded.test.images[:50]) == [("dense1", 3, 10)]
