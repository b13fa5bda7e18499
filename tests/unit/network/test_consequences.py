"""What changes of a network do to its answers: the same as computing the changed network whole."""

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.digits import Digits
from core.network import consequences
from core.network.consequences import Consequences
from core.network.initial_weights import initial_weights
from core.network.interventions import ALL_UNITS, HALVE_INPUT, OFF, Intervention, apply_interventions
from core.network.living import LivingNetwork


@pytest.fixture(scope="module")
def network() -> LivingNetwork:
    config = RunConfig(network="conv6x5-norm-pool2-conv4x3-dense16-norm", seed=2)
    return LivingNetwork(config, initial_weights(config))


@pytest.fixture(scope="module")
def digits(embedded) -> Digits:
    return embedded.validation[:150]


CHANGES = {
    "nothing": [],
    "a map": [Intervention(OFF, "conv1", 3)],
    "a layer in the middle": [Intervention(OFF, "conv2", ALL_UNITS)],
    "a unit at the end": [Intervention(OFF, "dense1", 2), Intervention(OFF, "dense1", 7)],
    "a late and an early part": [Intervention(OFF, "dense1", 2), Intervention(HALVE_INPUT, "conv1", 1, 0)],
}


@pytest.mark.parametrize("kept", [0, 200_000, 10**9], ids="at most {} bytes".format)
@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
def test_the_effect_is_that_of_the_whole_changed_network(network, digits, changes, kept, monkeypatch):
    monkeypatch.setattr(consequences, "MAX_KEPT_BYTES", kept)
    effect = Consequences(network, digits).effect(changes)
    broken, mask = apply_interventions(network, changes)
    before = network.outputs(digits.images)[-1].argmax(axis=1)
    after = broken.outputs(digits.images, mask)[-1].argmax(axis=1)
    right, right_after = before == digits.labels, after == digits.labels
    assert effect.images == 150
    assert (effect.before, effect.after) == (right.mean(), right_after.mean())
    assert effect.became_wrong == np.count_nonzero(right & ~right_after)
    assert effect.became_right == np.count_nonzero(~right & right_after)
    assert effect.other_answer == np.count_nonzero(before != after)
    assert effect.right_after == effect.right_before - effect.became_wrong + effect.became_right
