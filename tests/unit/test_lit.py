"""The pixels that are trained on: those that some image lights, and a network with weights for these alone."""

import numpy as np
import pytest

from core import models
from core.config import RunConfig
from core.engine import Loop
from core.engine_tensorflow import Program
from core.lit import Narrow, enough, lit

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


def test_a_pixel_is_lit_where_any_image_has_ink_and_their_number_is_rounded_up(images):
    pixels = lit(images)
    assert len(pixels) == 32  # 19 have ink
    assert {*range(282, 300), 783} <= set(pixels)
    assert list(pixels) == sorted(set(pixels))
    assert len(lit(np.full((1, 28, 28), 1, np.uint8))) == 784
    assert len(lit(np.zeros((2, 28, 28), np.uint8))) == 16


def test_the_narrow_network_says_what_the_whole_one_says(images):
    model = models.build(RunConfig(hidden_layers=2, units=8))
    narrow = Narrow(model, enough(model, images))
    narrow.take()
    whole, part = model(images, training=False), narrow.network(narrow.seen(images), training=False)
    np.testing.assert_allclose(np.asarray(part), np.asarray(whole), atol=1e-6)


def test_what_is_trained_comes_back_and_what_was_changed_meanwhile_is_taken(images):
    model = models.build(RunConfig(units=8))
    narrow = Narrow(model, lit(images))
    before = model.get_weights()
    narrow.take()
    narrow.network.set_weights([weights + 1 for weights in narrow.network.get_weights()])
    narrow.take()  # the network is ahead of the model: nothing is lost
    narrow.give()
    after = model.get_weights()
    expected = before[0].copy()
    expected[narrow.pixels] += 1
    assert np.array_equal(after[0], expected)
    assert all(np.array_equal(new, old + 1) for new, old in zip(after[1:], before[1:], strict=True))
    model.optimizer.learning_rate.assign(0.25)
    narrow.take()
    assert float(narrow.network.optimizer.learning_rate) == 0.25


def test_images_that_nobody_writes_on_are_put_on_the_device_once(images):
    program = Program(models.build(RunConfig(units=8)), lit(images), scheduled=False)
    images.setflags(write=False)
    held = program.held(images)
    assert program.held(images.copy()) is not held, "this copy can be written on"
    again, others = images.copy(), images[::-1].copy()
    for copy in (again, others):
        copy.setflags(write=False)
    assert program.held(again) is held
    np.testing.assert_array_equal(program.held(others), program.narrow.seen(others))


def test_pixels_that_no_image_lights_are_left_out_and_their_weights_left_alone(digits):
    model = models.build(RunConfig(units=16))
    Loop(model, digits, None, batch_size=32, seed=1).fit(1)
    fresh, trained = models.build(RunConfig(units=16)).get_weights()[0], model.get_weights()[0]
    dark = ~digits.images.any(axis=0).ravel()
    assert dark.sum() > 100
    assert np.array_equal(trained[dark], fresh[dark])
    assert (trained[~dark] != fresh[~dark]).any(axis=1).mean() > 0.99


@pytest.mark.parametrize("knobs", [{"optimizer": "adamw"}, {"network": "conv4x3-dense8"}, {"network": "norm-dense8"}])
def test_where_a_dark_pixel_has_a_say_all_pixels_are_trained_on(digits, knobs):
    assert Loop(models.build(RunConfig(units=8)), digits, None, batch_size=32, seed=1).backend.narrow
    assert not Loop(models.build(RunConfig(units=8, **knobs)), digits, None, batch_size=32, seed=1).backend.narrow


def test_images_made_anew_may_light_what_was_dark(digits):
    bright = np.full_like(digits.images, 255)
    config = RunConfig(units=8)
    model = models.build(config)
    Loop(model, digits, None, batch_size=32, seed=1, refreshed=lambda epoch: bright).fit(1)
    fresh = models.build(config).get_weights()[0]
    assert (model.get_weights()[0] != fresh).any(axis=1).all()
