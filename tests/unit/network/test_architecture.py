"""The layer table, computed without TensorFlow, is the network that Keras builds."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from core.config.recipes import RECIPES
from core.config.run_config import RunConfig
from core.errors import NetworkError
from core.network.architecture import count_multiplications, count_outputs, count_parameters, layer_table
from core.training import models
from tests.conftest import ROOT

NETWORKS = [
    *(recipe.config for recipe in RECIPES.values()),
    RunConfig(hidden_layers=0),
    RunConfig(hidden_layers=3, units=40, dropout=0.3),
    *(
        RunConfig(network=network)
        for network in (
            "conv32x3-pool2-conv64x3-pool2-dropout0.5",
            "conv8x3-norm-conv8x3-norm-pool2-dropout0.25-dense32-norm",
            "norm-dense10",
            "dropout0.1-conv3x5-norm-pool3",
            "pool2",
            "conv2x28-dense3",
        )
    ),
]


@pytest.mark.parametrize(
    "config", NETWORKS, ids=lambda config: config.network or f"{config.hidden_layers}x{config.units}"
)
def test_every_row_has_the_shape_and_the_parameters_that_keras_gives_it(config):
    rows, model = layer_table(config), models.build(config)
    assert [row.name for row in rows] == [layer.name for layer in model.layers]
    assert [row.output_shape for row in rows] == [tuple(layer.output.shape[1:]) for layer in model.layers]
    assert [row.parameters for row in rows] == [layer.count_params() for layer in model.layers]
    assert count_parameters(config) == model.count_params()


def test_the_classic_convnet_has_34826_parameters():
    # keras.io, "Simple MNIST convnet", prints this count.
    assert count_parameters(RunConfig(network="conv32x3-pool2-conv64x3-pool2-dropout0.5")) == 34_826


def test_a_norm_stands_between_the_sum_and_the_activation_and_takes_over_the_bias():
    rows = layer_table(RunConfig(network="conv8x3-norm-dense16"))
    assert [row.kind for row in rows[2:5]] == ["conv", "norm", "activation"]
    assert rows[2].activation == ""
    assert rows[4].activation == "relu"
    assert rows[2].parameters == 8 * 9
    assert rows[3].parameters == 4 * 8


@pytest.mark.parametrize(
    ("network", "what"),
    [
        ("dense32-conv8x3", "no image"),
        ("dense32-pool2", "no image"),
        ("pool14-conv8x3", "2 × 2"),
        ("conv8x20-conv8x20", "9 × 9"),
        ("pool14-pool3", "2 × 2"),
    ],
)
def test_layers_that_do_not_fit_say_where_and_what_to_do(network, what):
    with pytest.raises(NetworkError, match=what):
        layer_table(RunConfig(network=network))


def test_multiplications_by_hand():
    assert count_multiplications(RunConfig(units=128)) == 784 * 128 + 128 * 10
    convolution = RunConfig(network="conv4x3-pool2")
    assert count_multiplications(convolution) == 26 * 26 * 4 * 9 + 13 * 13 * 4 * 10
    assert count_multiplications(convolution, ("conv",)) == 26 * 26 * 4 * 9
    assert count_outputs(convolution, ("conv", "pool")) == 26 * 26 * 4 + 13 * 13 * 4


def test_the_table_needs_no_tensorflow():
    code = (
        "import sys; from core.network.architecture import layer_table; from core.config.run_config import RunConfig; "
    )
    code += "layer_table(RunConfig()); "
    code += "sys.exit(bool({'tensorflow', 'keras', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


# models


def test_a_saved_model_is_plain_keras_and_takes_bytes(tmp_path, tiny_mnist):
    model = models.build(RunConfig(network="conv4x3-norm-pool2-dropout0.2-dense8"))
    models.save(model, tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is keras.Sequential
    assert loaded.inputs[0].dtype == "uint8"
    assert loaded.layers[-1].name == "probabilities"
    images = tiny_mnist.test.images[:20]
    np.testing.assert_array_equal(loaded.predict(images, verbose=0), model.predict(images, verbose=0))
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


def test_weights_follow_from_the_seed_alone():
    keras.utils.set_random_seed(1)
    first = models.build(RunConfig(seed=5)).get_weights()[0]
    keras.utils.set_random_seed(2)
    second = models.build(RunConfig(seed=5)).get_weights()[0]
    assert np.array_equal(first, second)
    assert not np.array_equal(first, models.build(RunConfig(seed=6)).get_weights()[0])


@pytest.mark.parametrize(
    ("name", "kind", "facts"),
    [
        ("adam", "Adam", {}),
        ("rmsprop", "RMSprop", {}),
        ("sgd", "SGD", {"momentum": 0.0}),
        ("momentum", "SGD", {"momentum": 0.9}),
        ("adamw", "AdamW", {"weight_decay": 0.004}),
        ("nadam", "Nadam", {}),
    ],
)
def test_each_optimiser_is_keras_own(name, kind, facts):
    optimizer = models.optimizer(RunConfig(optimizer=name, learning_rate=0.01))
    assert type(optimizer).__name__ == kind
    assert float(optimizer.learning_rate) == pytest.approx(0.01)
    assert {fact: getattr(optimizer, fact) for fact in facts} == facts
