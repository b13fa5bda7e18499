"""What a moment holds of a network: activations, dead units, updates and a map, all small enough to be kept."""

import numpy as np
import pytest

from core.config.recipes import RECIPES
from core.config.run_config import RunConfig
from core.data.mnist import Mnist
from core.network.architecture import layer_table
from core.network.forward import activations
from core.network.initial_weights import initial_weights
from core.runs.moments import fixed_images, write_moment
from core.runs.store import RunStore
from core.training import models, moment_measure
from core.training.moment_capture import moment_steps, whole_steps
from core.training.moment_measure import MomentMeasure

pytestmark = pytest.mark.usefixtures("nothing_is_compiled")
SMALL = RunConfig(units=48, batch_size=64, epochs=3)


def test_activations_and_dead_units_are_those_after_the_normalisation(tiny_mnist):
    config = SMALL.changed(network="conv40x5-norm-pool4-dense16")
    model = models.build(config)
    measure = MomentMeasure(config, tiny_mnist)
    moment = measure(0, 0.0, None, model.get_weights())
    images = tiny_mnist.validation.images[fixed_images(tiny_mnist.validation)]
    outputs = {row.name: values for row, values in activations(config, models.get_weights(model), images)}
    conv, dense, _ = moment.layers
    assert (conv.name, dense.name) == ("conv40x5", "dense16")
    maps = outputs["activation1"][:25][..., conv.units]
    assert conv.activations.shape == (25, 12, 12, 32)
    np.testing.assert_allclose(conv.peaks, outputs["activation1"].max(axis=(1, 2))[:, conv.units], rtol=1e-2, atol=1e-2)
    np.testing.assert_allclose(conv.activations[:, 0, 0], maps[:, :2, :2].mean(axis=(1, 2)), atol=1e-2)
    np.testing.assert_allclose(dense.activations, outputs["dense1"], rtol=1e-2, atol=1e-2)
    assert conv.dead == pytest.approx((outputs["activation1"].max(axis=(0, 1, 2)) <= 0).mean())
    assert dense.dead == pytest.approx((outputs["dense1"].max(axis=0) <= 0).mean())


def test_positions_are_the_two_first_principal_components(tiny_mnist):
    config = SMALL.changed(network="dense64")
    model = models.build(config)
    moment = MomentMeasure(config, tiny_mnist)(0, 0.0, None, model.get_weights())
    images = tiny_mnist.validation.images[fixed_images(tiny_mnist.validation)]
    hidden = activations(config, models.get_weights(model), images)[-2][1]
    left, sizes, _ = np.linalg.svd(hidden - hidden.mean(axis=0), full_matrices=False)
    for place in (0, 1):
        exact = left[:, place] * sizes[place]
        close = abs(np.corrcoef(moment.positions[:, place], exact)[0, 1])
        assert close > 0.999
        assert np.linalg.norm(moment.positions[:, place]) == pytest.approx(sizes[place], rel=1e-3)


def test_the_update_ratio_is_the_change_of_a_kernel_per_step(tiny_mnist):
    measure = MomentMeasure(SMALL, tiny_mnist)
    weights = models.build(SMALL).get_weights()
    first = measure(0, 0.0, None, weights)
    second = measure(4, 0.25, None, [1.5 * weights[0], *weights[1:]], (0, weights))
    assert np.isnan(first.layers[0].update_ratio)
    assert second.layers[0].update_ratio == pytest.approx(0.5 / 1.5 / 4)
    assert second.layers[1].update_ratio == 0


def test_a_network_that_diverged_has_moments_too(tiny_mnist):
    weights = [np.full_like(weight, np.nan) for weight in models.build(SMALL).get_weights()]
    with np.errstate(all="ignore"):
        moment = MomentMeasure(SMALL, tiny_mnist)(5, 0.1, None, weights)
    assert np.isnan(moment.positions).all()
    assert np.isnan(moment.validation_loss)


@pytest.mark.parametrize("network", ["dense512-dense512", "dense4096-dense4096", "conv512x3-conv512x3", "dense16"])
def test_a_moment_stays_small(network):
    config = RunConfig(network=network)
    units = moment_measure._units_shown(layer_table(config), 500)
    for row in layer_table(config):
        if row.kind in ("dense", "conv"):
            assert len(units[row.name]) <= 32
            assert units[row.name].dtype == np.int32
            assert units[row.name][-1] == row.output_shape[-1] - 1
    assert len(units["probabilities"]) == 10


@pytest.mark.parametrize(
    ("config", "batches", "most"),
    [
        pytest.param(RECIPES["dli"].config, 1875, 10_000_000, id="dli"),
        pytest.param(RECIPES["best"].config, 469, 20_000_000, id="best", marks=pytest.mark.slow),
    ],
)
def test_all_moments_of_a_run_take_little_room(config, batches, most, embedded, tmp_path):
    store = RunStore(tmp_path)
    data = Mnist(embedded.train, embedded.train[:1000], embedded.test, embedded.source)
    run, measure = store.create(config), MomentMeasure(config, data)
    steps = moment_steps(config.epochs, batches)
    measure.whole_steps = whole_steps(steps, batches, 4 * measure.parameters)
    weights = list(initial_weights(config).values())
    with_all, without = 0, next(step for step in steps if step not in measure.whole_steps)
    for step in (with_all, without):
        write_moment(run, measure(step, 0.0, None, weights))
    sizes = {step: (run.folder / f"moments/{step:08d}.npz").stat().st_size for step in (with_all, without)}
    assert len(measure.images) == 500
    whole = len(measure.whole_steps)
    assert whole * sizes[with_all] + (len(steps) - whole) * sizes[without] <= most, sizes


def test_the_images_are_those_of_the_held_out_part_also_without_validation(tiny_mnist):
    measure = MomentMeasure(SMALL.changed(validate_on="none"), tiny_mnist)
    np.testing.assert_array_equal(measure.images[:25], tiny_mnist.validation.images[:25])
