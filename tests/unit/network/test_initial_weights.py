"""The weights before the first step are those that Keras draws."""

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.network.initial_weights import initial_weights
from core.training import models


@pytest.mark.parametrize("network", ["dense48-dense17", "conv8x3-norm-pool2-conv5x5-dense9-norm"])
@pytest.mark.parametrize("seed", [0, 41])
def test_the_random_weights_are_those_of_keras(network, seed):
    config = RunConfig(network=network, seed=seed)
    drawn, keras = initial_weights(config), models.get_weights(models.build(config))
    assert drawn.keys() == keras.keys()
    for path, weights in keras.items():
        np.testing.assert_array_equal(drawn[path], weights, err_msg=path)
