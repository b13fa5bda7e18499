"""The numbers of the drawn network, checked against NumPy code that is written in another way."""

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.network.forward import MODEL
from core.network.initial_weights import initial_weights
from core.network.living import LivingNetwork, weights_by_path
from core.network.numpy_network import Reader

DENSE = RunConfig(network="dense40-dense12", seed=3)
CONV = RunConfig(network="conv6x5-norm-pool2-conv4x3-dense20", seed=3)


@pytest.fixture(scope="module")
def images(embedded):
    return embedded.validation.images[:100]


def living(config: RunConfig) -> LivingNetwork:
    return LivingNetwork(config, initial_weights(config))


@pytest.mark.parametrize("config", [DENSE, CONV], ids=["dense", "conv"])
def test_the_drawn_probabilities_are_those_of_the_network(config, images):
    network = living(config)
    view = network.view(images[7], network.survey(images))
    expected = Reader(config, network.weights).probabilities(images[7:8])[0]
    np.testing.assert_allclose(view.layers[-1].values, expected, rtol=1e-5)
    assert view.exact


def test_the_sum_of_a_dense_unit_is_weights_times_pixels_plus_bias(images):
    network = living(DENSE)
    network.weights[f"{MODEL}/dense1/bias"][:] = np.linspace(-1, 1, 40)
    layer = network.view(images[0], network.survey(images)).layers[0]
    unit = int(layer.units[5])
    pixels = images[0].reshape(-1) / 255
    weights = network.weights[f"{MODEL}/dense1/kernel"][:, unit]
    expected = sum(float(w) * float(x) for w, x in zip(weights, pixels, strict=True)) + np.linspace(-1, 1, 40)[unit]
    assert layer.sums[5] == pytest.approx(expected, abs=1e-4)
    assert layer.values[5] == pytest.approx(max(expected, 0), abs=1e-4)


def test_the_largest_product_of_a_sum_comes_first(images):
    network = living(DENSE)
    layer = network.view(images[0], network.survey(images)).layers[1]
    first = network.outputs(images[:1])[2][0]  # after scale, flatten and dense1
    products = first * network.weights[f"{MODEL}/dense2/kernel"][:, layer.units[0]]
    term = layer.terms[0][0]
    assert term.source == f"unit {np.abs(products).argmax()}"
    assert term.weight * term.value == pytest.approx(products[np.abs(products).argmax()], rel=1e-5)


def test_the_sum_of_a_filter_is_filter_times_patch_at_its_strongest_place(images):
    network = living(CONV)
    layer = network.view(images[2], network.survey(images)).layers[0]
    patch = layer.patches[3]
    piece = images[2][patch.row : patch.row + 5, patch.column : patch.column + 5] / 255
    np.testing.assert_allclose(patch.values, piece, atol=1e-6)
    assert layer.sums[3] == pytest.approx(float((patch.filter * piece).sum()), abs=1e-4)
    assert layer.normed


def test_an_edge_is_weight_times_activation(images):
    network = living(DENSE)
    layers = network.view(images[0], network.survey(images)).layers
    start, end, value = layers[2].edges[0]
    below, digit = int(layers[1].units[start]), int(layers[2].units[end])
    weight = network.weights[f"{MODEL}/probabilities/kernel"][below, digit]
    assert value == pytest.approx(float(weight * layers[1].values[start]), rel=1e-5)
    assert [abs(edge[2]) for edge in layers[2].edges] == sorted(
        (abs(edge[2]) for edge in layers[2].edges), reverse=True
    )


def test_the_edges_of_a_dense_layer_above_maps_add_up_to_its_sum(images):
    network = living(CONV)
    network.survey(images)
    layers = network.view(images[0], network.survey(images)).layers
    into = [value for start, end, value in layers[2].edges if end == 0]
    if len(into) == 4:  # all four maps are among the strongest
        assert sum(into) == pytest.approx(float(layers[2].sums[0]), abs=1e-4)
    assert {start for start, _, _ in layers[2].edges} <= set(range(4))


def test_the_most_exciting_image_gives_the_largest_activation(images):
    network = living(DENSE)
    layer = network.view(images[0], network.survey(images)).layers[0]
    activations = network.outputs(images)[2][:, layer.units[4]]
    assert activations[layer.exciting[4, 0]] == activations.max()


def test_a_unit_that_is_never_above_zero_is_dead(images):
    network = living(DENSE)
    network.weights[f"{MODEL}/dense1/bias"][11] = -1000
    survey = network.survey(images, [np.arange(8, 16), np.arange(3), np.arange(10)])[0]
    assert survey.dead.tolist() == [False, False, False, True, False, False, False, False]


def test_weights_in_keras_order_get_their_names():
    weights = initial_weights(CONV)
    assert weights_by_path(CONV, list(weights.values())).keys() == weights.keys()
    with pytest.raises(ValueError, match="zip"):
        weights_by_path(CONV, list(weights.values())[:-1])
