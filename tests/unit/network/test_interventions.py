"""Switching off parts of a network."""

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.errors import NetworkError
from core.network.forward import MODEL
from core.network.initial_weights import initial_weights
from core.network.interventions import ALL_UNITS, HALVE, OFF, Intervention, accuracy, apply_interventions, intervention
from core.network.living import LivingNetwork


@pytest.fixture
def network() -> LivingNetwork:
    config = RunConfig(network="conv4x5-norm-dense16", seed=2)
    return LivingNetwork(config, initial_weights(config))


def test_a_unit_that_is_off_gives_nothing_to_the_next_layer(network, embedded):
    images = embedded.validation.images[:3]
    broken, mask = apply_interventions(network, [Intervention(OFF, "dense1", 5)])
    weights = dict(network.weights)
    kernel = weights[f"{MODEL}/probabilities/kernel"].copy()
    kernel[5] = 0
    weights[f"{MODEL}/probabilities/kernel"] = kernel
    expected = LivingNetwork(network.config, weights).outputs(images)[-1]
    np.testing.assert_allclose(broken.outputs(images, mask)[-1], expected, atol=1e-6)


def test_without_a_whole_layer_every_image_gets_the_same_answer(network, embedded):
    broken, mask = apply_interventions(
        network, [Intervention(OFF, "conv1", ALL_UNITS), Intervention(OFF, "dense1", ALL_UNITS)]
    )
    answers = broken.outputs(embedded.validation.images[:5], mask)[-1]
    np.testing.assert_allclose(answers, np.full((5, 10), 0.1), atol=1e-6)
    assert accuracy(broken, embedded.validation[:50], mask) == (embedded.validation.labels[:50] == 0).mean()


def test_halving_changes_one_weight_and_not_the_network_itself(network):
    before = network.weights[f"{MODEL}/dense1/kernel"].copy()
    broken, _ = apply_interventions(network, [Intervention(HALVE, "dense1", 3)])
    after = broken.weights[f"{MODEL}/dense1/kernel"]
    place = np.abs(before[:, 3]).argmax(), 3
    assert np.argwhere(after != before).tolist() == [list(map(int, place))]
    assert after[place] == before[place] / 2
    np.testing.assert_array_equal(network.weights[f"{MODEL}/dense1/kernel"], before)


@pytest.mark.parametrize(
    ("what", "layer", "unit"),
    [
        ("burn", "dense1", 1),
        (OFF, "probabilities", 1),
        (OFF, "dense1", 16),
        (HALVE, "dense1", -1),
        (OFF, "dense1", 1.0),
    ],
)
def test_what_the_network_does_not_have_cannot_be_changed(network, what, layer, unit):
    with pytest.raises(NetworkError):
        intervention(network, what, layer, unit)
