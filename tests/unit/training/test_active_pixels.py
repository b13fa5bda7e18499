"""Active pixels: those that are not 0 in every training image."""

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.training import models
from core.training.active_pixels import find_active_pixels, pixels_to_train
from core.training.batching import LoopOptions
from core.training.engine import Loop
from core.training.engine_tensorflow import Program

pytestmark = pytest.mark.usefixtures("nothing_is_compiled")


@pytest.fixture(scope="module")
def digits(embedded):
    return embedded.train[:210]


@pytest.fixture
def images():
    images = np.zeros((3, 28, 28), np.uint8)
    images[0, 10, 2:12] = 200
    images[1, 10, 10:20] = 1
    images[2, 27, 27] = 9
    return images


def test_a_pixel_is_active_where_any_image_has_ink_and_their_number_is_rounded_up(images):
    pixels = find_active_pixels(images)
    assert len(pixels) == 32  # 19 have ink
    assert {*range(282, 300), 783} <= set(pixels)
    assert list(pixels) == sorted(set(pixels))
    assert len(find_active_pixels(np.full((1, 28, 28), 1, np.uint8))) == 784
    assert len(find_active_pixels(np.zeros((2, 28, 28), np.uint8))) == 16


def test_images_that_nobody_writes_on_are_put_on_the_device_once(images):
    program = Program(models.build(RunConfig(units=8)), find_active_pixels(images), scheduled=False)
    images.setflags(write=False)
    device_images = program.cached_device_images(images)
    assert program.cached_device_images(images.copy()) is not device_images, "this copy can be written on"
    again, others = images.copy(), images[::-1].copy()
    for copy in (again, others):
        copy.setflags(write=False)
    assert program.cached_device_images(again) is device_images
    np.testing.assert_array_equal(program.cached_device_images(others), program.compact.select_pixels(others))


def test_pixels_that_no_image_lights_are_left_out_and_their_weights_left_alone(digits):
    model = models.build(RunConfig(units=16))
    Loop(model, digits, None, LoopOptions(batch_size=32, seed=1)).fit(1)
    fresh, trained = models.build(RunConfig(units=16)).get_weights()[0], model.get_weights()[0]
    dark = ~digits.images.any(axis=0).ravel()
    assert dark.sum() > 100
    assert np.array_equal(trained[dark], fresh[dark])
    assert (trained[~dark] != fresh[~dark]).any(axis=1).mean() > 0.99


@pytest.mark.parametrize("knobs", [{"optimizer": "adamw"}, {"network": "norm-dense8"}])
def test_where_an_inactive_pixel_has_an_effect_all_pixels_are_trained_on(digits, knobs):
    assert len(pixels_to_train(models.build(RunConfig(units=8)), digits.images)) < 784
    assert len(pixels_to_train(models.build(RunConfig(units=8, **knobs)), digits.images)) == 784
    assert len(pixels_to_train(models.build(RunConfig(units=8)), None)) == 784, "images not seen yet"


def test_images_made_again_may_use_inactive_pixels(digits):
    bright = np.full_like(digits.images, 255)
    config = RunConfig(units=8)
    model = models.build(config)
    Loop(model, digits, None, LoopOptions(batch_size=32, seed=1, augment=lambda epoch: bright)).fit(1)
    fresh = models.build(config).get_weights()[0]
    assert (model.get_weights()[0] != fresh).any(axis=1).all()
