"""What the pages show of a network's inside, checked against networks with known weights."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.network import explain
from core.network.dead_units import dead_units
from core.network.numpy_network import Reader


def initial_network(config: RunConfig) -> Reader:
    """A network with weights as they are born."""
    from core.training.models import build, get_weights

    return Reader(config, get_weights(build(config)))


@pytest.fixture(scope="module")
def dense() -> Reader:
    return initial_network(RunConfig(units=16))


@pytest.fixture(scope="module")
def convolutional() -> Reader:
    return initial_network(RunConfig(network="conv4x3-norm-pool2-dropout0.25-dense8"))


@pytest.fixture
def image(rng):
    return rng.integers(0, 256, (28, 28), np.uint8)


def test_saliency_of_a_single_layer_is_its_weights(image):
    reader = initial_network(RunConfig(hidden_layers=0))
    kernel = reader.weights["digit_lab/probabilities/kernel"]
    np.testing.assert_allclose(explain.saliency(reader, image, 3), kernel[:, 3].reshape(28, 28), rtol=1e-5)


@pytest.mark.parametrize("kind", ["dense", "convolutional"])
def test_saliency_is_the_slope_one_sees_when_ink_is_added(kind, image, request):
    """By finite differences on the network itself."""
    reader = request.getfixturevalue(kind)
    slope = explain.saliency(reader, image, 2)
    row, column = np.unravel_index(np.abs(slope).argmax(), slope.shape)
    image[row, column] = 100
    slope = explain.saliency(reader, image, 2)
    images = np.stack([image, image])
    images[:, row, column] = 99, 101
    low, high = reader.logits(images)[:, 2]
    measured = (high - low) / (2 / 255)
    assert slope[row, column] == pytest.approx(measured, rel=0.05)


def test_occlusion_finds_the_pixels_a_network_looks_at():
    """A network that only looks for ink in the pixel (10, 5): covering it costs everything, the rest nothing."""

    class Looker:
        def probabilities(self, images):
            answer = np.zeros((len(images), 10), np.float32)
            answer[:, 4] = images[:, 10, 5] / 255
            answer[:, 0] = 1 - answer[:, 4]
            return answer

    image = np.full((28, 28), 255, np.uint8)
    found = explain.occlusion(Looker(), image, 4, window=3)
    expected = np.zeros((28, 28), np.float32)
    expected[9:12, 4:7] = 1
    np.testing.assert_array_equal(found, expected)


def test_covering_at_the_rim_stays_in_the_picture():
    counting = SimpleNamespace(probabilities=lambda images: np.repeat(images.mean((1, 2))[:, None], 10, 1))
    found = explain.occlusion(counting, np.full((28, 28), 255, np.uint8), 0, window=5)
    assert found[0, 0] == pytest.approx(255 * 9 / 784, rel=1e-5)
    assert found[14, 14] == pytest.approx(255 * 25 / 784, rel=1e-5)


def test_activations_are_what_the_layers_compute(dense, image):
    found = dict(explain.activations(dense, image))
    assert list(found) == ["dense1", "probabilities"]
    kernel, bias = dense.weights["digit_lab/dense1/kernel"], dense.weights["digit_lab/dense1/bias"]
    by_hand = np.maximum(0, image.reshape(784) / 255 @ kernel + bias)
    np.testing.assert_allclose(found["dense1"], by_hand, rtol=1e-3, atol=1e-5)
    assert found["probabilities"].sum() == pytest.approx(1, abs=1e-5)


def test_activations_of_a_convolution_keep_their_picture(convolutional, image):
    shapes = {name: values.shape for name, values in explain.activations(convolutional, image)}
    assert shapes["conv1"] == (26, 26, 4)
    assert shapes["pool1"] == (13, 13, 4)
    assert not any(name.startswith(("dropout", "flatten", "scale")) for name in shapes)


def test_first_weights_are_pictures_of_what_a_unit_looks_for(dense, convolutional):
    found = explain.first_weights(dense)
    assert found.shape == (16, 28, 28)
    np.testing.assert_array_equal(found[5].ravel(), dense.weights["digit_lab/dense1/kernel"][:, 5])
    filters = explain.first_weights(convolutional)
    assert filters.shape == (4, 3, 3)
    kernel = convolutional.weights["digit_lab/conv1/kernel"]
    np.testing.assert_array_equal(filters[2], kernel[:, :, 0, 2])


def test_first_weights_of_a_network_that_pools_first_are_smaller_pictures():
    assert explain.first_weights(initial_network(RunConfig(network="pool2-dense6"))).shape == (6, 14, 14)


def test_a_unit_that_never_fires_is_counted_dead(rng):
    reader = initial_network(RunConfig(units=12))
    kernel, bias = reader.weights["digit_lab/dense1/kernel"], reader.weights["digit_lab/dense1/bias"]
    bias[:] = 1  # on a black image every unit fires …
    kernel[:, [2, 7]], bias[[2, 7]] = 0, -1  # … but these two, whatever they see
    images = rng.integers(0, 256, (300, 28, 28), np.uint8)
    images[0] = 0
    assert dead_units(reader, images) == [("dense1", 2, 12)]


def test_units_behind_a_norm_are_counted_where_they_bend(convolutional, rng):
    names = [name for name, _, _ in dead_units(convolutional, rng.integers(0, 256, (20, 28, 28), np.uint8))]
    assert names == ["activation1", "dense1"]


def test_the_map_is_the_one_of_scikit_learn(rng):
    from sklearn.decomposition import PCA

    features = rng.normal(0, 1, (200, 6)) * [5, 3, 1, 1, 0.5, 0.1]
    places, shares = explain.principal_components(features)
    pca = PCA(2).fit(features)
    np.testing.assert_allclose(np.abs(places), np.abs(pca.transform(features)), rtol=1e-3, atol=1e-4)
    assert shares == pytest.approx(tuple(pca.explained_variance_ratio_))


def test_the_map_survives_features_that_do_not_differ():
    places, shares = explain.principal_components(np.ones((5, 1)))
    assert places.shape == (5, 2)
    assert not places.any()
    assert sum(shares) == 0


def test_a_map_is_turned_and_flipped_onto_another_one(rng):
    reference = rng.normal(size=(40, 2)).astype(np.float32)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    flipped = (reference * [1, -1]) @ turn + 3
    np.testing.assert_allclose(explain.align_map(flipped, reference), reference - reference.mean(0), atol=1e-5)
