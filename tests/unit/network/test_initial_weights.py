"""The weights before the first step are those that Keras draws."""

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.network.initial_weights import initial_weights, starts_as_same_network
from core.training import models


@pytest.mark.parametrize("network", ["dense48-dense17", "conv8x3-norm-pool2-conv5x5-dense9-norm"])
@pytest.mark.parametrize("seed", [0, 41])
def test_the_random_weights_are_those_of_keras(network, seed):
    config = RunConfig(network=network, seed=seed)
    drawn, keras = initial_weights(config), models.get_weights(models.build(config))
    assert drawn.keys() == keras.keys()
    for path, weights in keras.items():
        np.testing.assert_array_equal(drawn[path], weights, err_msg=path)


def test_only_layers_activation_and_seed_decide_how_a_network_begins():
    config = RunConfig(units=64, activation="relu", seed=3)
    for other in ({"epochs": 9}, {"learning_rate": 0.1}, {"batch_size": 8}):
        assert starts_as_same_network(config, config.changed(**other))
    for other in ({"units": 65}, {"activation": "tanh"}, {"seed": 4}):
        assert not starts_as_same_network(config, config.changed(**other))
