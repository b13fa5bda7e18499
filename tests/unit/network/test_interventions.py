"""Switching off parts of a network."""

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.errors import NetworkError
from core.network.forward import MODEL
from core.network.initial_weights import initial_weights
from core.network.interventions import (
    ALL_UNITS,
    HALVE,
    HALVE_INPUT,
    LARGEST,
    OFF,
    Intervention,
    apply_interventions,
    descriptions,
    halved,
    intervention,
)
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


def test_halving_changes_one_weight_and_not_the_network_itself(network):
    before = network.weights[f"{MODEL}/dense1/kernel"].copy()
    broken, _ = apply_interventions(network, [Intervention(HALVE, "dense1", 3)])
    after = broken.weights[f"{MODEL}/dense1/kernel"]
    place = np.abs(before[:, 3]).argmax(), 3
    assert np.argwhere(after != before).tolist() == [list(map(int, place))]
    assert after[place] == before[place] / 2
    np.testing.assert_array_equal(network.weights[f"{MODEL}/dense1/kernel"], before)


def test_any_weight_can_be_halved_several_times(network):
    before = network.weights[f"{MODEL}/conv1/kernel"]
    index = int(np.ravel_multi_index((2, 4, 0), (5, 5, 1)))
    broken, _ = apply_interventions(network, [Intervention(HALVE, "conv1", 1, index)] * 3)
    after = broken.weights[f"{MODEL}/conv1/kernel"]
    assert np.argwhere(after != before).tolist() == [[2, 4, 0, 1]]
    assert after[2, 4, 0, 1] == before[2, 4, 0, 1] / 8


def test_all_weights_from_one_map_to_a_unit_are_halved(network):
    before = network.weights[f"{MODEL}/dense1/kernel"].reshape(24, 24, 4, 16)
    broken, _ = apply_interventions(network, [Intervention(HALVE_INPUT, "dense1", 7, 2)])
    after = broken.weights[f"{MODEL}/dense1/kernel"].reshape(24, 24, 4, 16)
    np.testing.assert_array_equal(after[..., 2, 7], before[..., 2, 7] / 2)
    assert (after != before).sum() == 24 * 24


def test_the_index_of_a_shown_product_is_that_of_its_weight(network, embedded):
    images = embedded.validation.images[:20]
    for layer in network.view(images[0], network.survey(images)).layers:
        kernel = network.weights[f"{MODEL}/{layer.name}/kernel"]
        for unit, terms in zip(layer.units, layer.terms, strict=True):
            for term in terms:
                assert kernel.reshape(-1, kernel.shape[-1])[term.index, unit] == pytest.approx(term.weight)


def test_a_halved_weight_stays_among_the_shown_products(network, embedded):
    images = embedded.validation.images[:20]
    smallest = int(np.abs(network.weights[f"{MODEL}/dense1/kernel"][:, 4]).argmin())
    changes = [
        Intervention(HALVE, "dense1", 4, smallest),
        Intervention(HALVE, "conv1", 2),
        Intervention(OFF, "conv1", 0),
    ]
    broken, mask = apply_interventions(network, changes)
    conv, dense, _ = broken.view(images[0], network.survey(images), mask, halved(network, changes)).layers
    assert smallest in [term.index for term in dense.terms[4]]
    assert len(dense.terms[4]) == 5
    assert len(dense.terms[5]) == 4
    before = network.weights[f"{MODEL}/conv1/kernel"][..., 2]
    assert int(np.abs(before).argmax()) in [term.index for term in conv.terms[2]]


def test_changes_are_named_in_words(network):
    changes = [
        Intervention(OFF, "conv1", 3),
        Intervention(HALVE, "dense1", 5),
        Intervention(HALVE, "dense1", 5),
        Intervention(HALVE, "probabilities", 2, 11),
        Intervention(HALVE, "dense1", 0, int(np.ravel_multi_index((3, 4, 1), (24, 24, 4)))),
        Intervention(HALVE_INPUT, "dense1", 0, 1),
        Intervention(HALVE, "conv1", 0, 6),
        Intervention(OFF, "dense1", ALL_UNITS),
        Intervention(OFF, "dense1", ALL_UNITS),
    ]
    assert descriptions(network, changes) == [
        "conv1 map 3 off",
        "largest weight of dense1 unit 5 halved 2 times",
        "weight from unit 11 to probabilities unit 2 halved",
        "weight from map 1, row 3, column 4 to dense1 unit 0 halved",
        "all weights from map 1 to dense1 unit 0 halved",
        "filter weight at row 1, column 1, channel 0 of conv1 map 0 halved",
        "all of dense1 off",
    ]


@pytest.mark.parametrize(
    ("what", "layer", "unit", "source"),
    [
        ("burn", "dense1", 1, LARGEST),
        (OFF, "probabilities", 1, LARGEST),
        (OFF, "dense1", 16, LARGEST),
        (HALVE, "dense1", -1, LARGEST),
        (OFF, "dense1", 1.0, LARGEST),
        (HALVE, "dense1", 1, 24 * 24 * 4),
        (HALVE, "conv1", 1, 25),
        (HALVE, "conv1", 1, True),
        (HALVE_INPUT, "dense1", 1, 4),
        (HALVE_INPUT, "dense1", 1, LARGEST),
        (HALVE, "dense1", 1, "3"),
    ],
)
def test_what_the_network_does_not_have_cannot_be_changed(network, what, layer, unit, source):
    with pytest.raises(NetworkError):
        intervention(network, what, layer, unit, source)


@pytest.mark.parametrize(
    ("what", "layer", "unit", "source"),
    [
        (OFF, "conv1", ALL_UNITS, LARGEST),
        (HALVE, "probabilities", 9, 15),
        (HALVE, "dense1", 15, 24 * 24 * 4 - 1),
        (HALVE_INPUT, "conv1", 3, 0),
        (HALVE_INPUT, "dense1", 3, 3),
    ],
)
def test_each_part_of_the_network_can_be_changed(network, what, layer, unit, source):
    change = intervention(network, what, layer, unit, source)
    assert change == Intervention(what, layer, unit, source)
    apply_interventions(network, [change])
