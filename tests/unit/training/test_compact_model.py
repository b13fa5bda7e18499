"""The compact model predicts what the full model predicts, and its weights are copied back."""

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.training import models
from core.training.active_pixels import find_active_pixels, pixels_to_train
from core.training.compact_model import ALIGNMENT, CompactModel, TransposedDense, compact_pixels
from core.training.train_step import logit_columns, logits

pytestmark = pytest.mark.usefixtures("nothing_is_compiled")


@pytest.fixture
def images():
    return np.random.default_rng(1).integers(0, 256, (3, 28, 28)).astype(np.uint8) * np.eye(28, dtype=np.uint8)


@pytest.mark.parametrize(
    "knobs", [{"hidden_layers": 2, "units": 8}, {"network": "norm-dense8"}, {"network": "dense10"}], ids=str
)
def test_the_compact_model_has_the_outputs_of_the_model(knobs, images):
    model = models.build(RunConfig(**knobs))
    compact = CompactModel(model, pixels_to_train(model, images))
    compact.copy_from_model()
    actual = np.asarray(logit_columns(compact.network, compact.select_pixels(images), 0))
    np.testing.assert_allclose(actual, np.asarray(logit_columns(model, images, 0)), atol=1e-6)
    assert isinstance(compact.network.layers[-1], TransposedDense) == (knobs != {"network": "dense10"})


def test_the_compact_model_accepts_ten_images():
    images = np.random.default_rng(1).integers(0, 256, (10, 28, 28)).astype(np.uint8)
    model = models.build(RunConfig(units=8))
    model.layers[-1].bias.assign(np.arange(10))
    compact = CompactModel(model, pixels_to_train(model, images))
    compact.copy_from_model()
    actual = np.asarray(logit_columns(compact.network, compact.select_pixels(images), 0))
    np.testing.assert_allclose(actual, np.asarray(logits(model, images)).T, atol=1e-5)


def test_training_and_trained_networks_have_equal_outputs(images):
    model = models.build(RunConfig(units=8))
    np.testing.assert_allclose(
        np.asarray(logit_columns(model, images, 0)).T, np.asarray(logits(model, images)), atol=1e-6
    )


def test_images_are_given_as_an_array_that_tensorflow_takes_over(images):
    model = models.build(RunConfig(units=8))
    for pixels in (find_active_pixels(images), compact_pixels(model, None)):
        seen = CompactModel(model, pixels).select_pixels(images)
        assert seen.ctypes.data % ALIGNMENT == 0
        assert not np.shares_memory(seen, images)
        np.testing.assert_array_equal(seen, images.reshape(3, 784)[:, pixels])


def test_a_network_with_convolutions_trains_itself(images):
    assert compact_pixels(models.build(RunConfig(network="conv4x3-dense8")), images) is None


def test_what_is_trained_comes_back_and_what_was_changed_meanwhile_is_taken(images):
    model = models.build(RunConfig(units=8))
    compact = CompactModel(model, find_active_pixels(images))
    before = model.get_weights()
    compact.copy_from_model()
    compact.network.set_weights([weights + 1 for weights in compact.network.get_weights()])
    compact.copy_from_model()  # the network is ahead of the model: nothing is lost
    compact.copy_to_model()
    after = model.get_weights()
    expected = before[0].copy()
    expected[compact.pixels] += 1
    assert np.array_equal(after[0], expected)
    assert all(np.array_equal(new, old + 1) for new, old in zip(after[1:], before[1:], strict=True))
    model.optimizer.learning_rate.assign(0.25)
    compact.copy_from_model()
    assert float(compact.network.optimizer.learning_rate) == 0.25
