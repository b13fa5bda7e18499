"""The drawn network from a snapshot: its numbers are those of the network; what it does not hold is left out."""

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.network.initial_weights import initial_weights
from core.network.living import LivingNetwork
from core.network.living_moment import shown_images, view_of
from core.runs.moment import LayerMoment, Moment
from core.runs.moments import fixed_images
from core.training.moment_measure import MomentMeasure

CONFIG = RunConfig(network="dense60-dense40", seed=1)


@pytest.fixture(scope="module")
def images(embedded):
    return embedded.validation.images[:30]


@pytest.fixture(scope="module")
def network():
    return LivingNetwork(CONFIG, initial_weights(CONFIG))


@pytest.fixture(scope="module")
def moment(network, images):
    """A snapshot of every second unit."""
    outputs = network.outputs(images)
    layers = []
    for (first, last), units in zip(
        network.drawn, (np.arange(0, 60, 2), np.arange(0, 40, 2), np.arange(10)), strict=True
    ):
        kernel = network.weights[f"digit_lab/{network.rows[first].name}/kernel"][:, units].astype(np.float16)
        activations = outputs[last][:, units].astype(np.float16)
        bias = np.zeros(len(units), np.float16)
        layers.append(LayerMoment("dense", "dense", units.astype(np.int32), kernel, bias, activations, 0.001, 0.0))
    probabilities = outputs[-1].astype(np.float16)
    return Moment(8, 0.1, 1, 0.5, 1, 0.5, tuple(layers), probabilities, np.zeros((30, 2), np.float32))


def test_a_snapshot_shows_the_activations_of_the_network(network, moment, images):
    view = view_of(CONFIG, moment, images, 4, None)
    whole = network.view(images[4], network.survey(images, [layer.units for layer in moment.layers]))
    assert not view.exact
    for rounded, exact in zip(view.layers, whole.layers, strict=True):
        np.testing.assert_array_equal(rounded.units, exact.units)
        np.testing.assert_allclose(rounded.values, exact.values, atol=2e-3)
    np.testing.assert_allclose(view.layers[0].sums, whole.layers[0].sums, atol=5e-3)
    np.testing.assert_allclose(view.layers[0].pictures, whole.layers[0].pictures, atol=1e-3)


def test_a_sum_with_unknown_inputs_is_not_shown(moment, images):
    view = view_of(CONFIG, moment, images, 4, None)
    assert np.isnan(view.layers[1].sums).all()
    assert view.layers[1].edges


def test_with_all_weights_the_sums_are_exact(network, moment, images):
    view = view_of(CONFIG, moment, images, 4, tuple(network.weights.values()))
    assert view.exact
    assert np.isfinite(view.layers[1].sums).all()
    np.testing.assert_array_equal(view.layers[0].units, moment.layers[0].units)


def test_at_most_25_images_can_be_chosen(moment):
    assert shown_images(moment) == 25


CONV = RunConfig(network="conv6x5-norm-pool2-conv4x3-pool2-dense16", seed=4)


@pytest.fixture(scope="module")
def conv(embedded):
    return LivingNetwork(CONV, initial_weights(CONV)), measured(CONV, embedded)


def measured(config, data):
    return MomentMeasure(config, data)(4, 0.1, None, list(initial_weights(config).values()))


def test_each_of_the_25_digits_can_run_through_a_network_with_feature_maps(conv):
    assert shown_images(conv[1]) == 25


@pytest.mark.parametrize("place", [0, 3, 24])
def test_the_maps_of_a_snapshot_are_those_of_the_network_for_each_digit(conv, embedded, place):
    network, moment = conv
    images = embedded.validation[fixed_images(embedded.validation)].images
    view, whole = view_of(CONV, moment, images, place, None), network.view(images[place], network.survey(images))
    for mine, exact in zip(view.layers[:2], whole.layers[:2], strict=True):
        high = exact.pictures.shape[1]
        side = -(-high // 14)
        small = exact.pictures[:, : high // side * side, : high // side * side]
        small = small.reshape(len(small), high // side, side, high // side, side).mean(axis=(2, 4))
        np.testing.assert_allclose(mine.pictures, small, atol=2e-3)
        np.testing.assert_allclose(mine.values, exact.values, atol=2e-3)


def test_a_snapshot_names_what_excites_a_map_and_whether_it_is_dead(conv, embedded):
    network, moment = conv
    images = embedded.validation[fixed_images(embedded.validation)].images
    view, whole = view_of(CONV, moment, images, 0, None), network.view(images[0], network.survey(images))
    exact = view_of(CONV, moment, images, 0, tuple(network.weights.values()))
    for mine, same, theirs in zip(view.layers, exact.layers, whole.layers, strict=True):
        assert mine.dead.tolist() == same.dead.tolist() == theirs.dead.tolist()
        assert mine.exciting.shape == theirs.exciting.shape
    agree = (view.layers[0].exciting[:, 0] == whole.layers[0].exciting[:, 0]).mean()
    assert agree > 0.6  # rounding to 16 bits may exchange two images that are almost equal
