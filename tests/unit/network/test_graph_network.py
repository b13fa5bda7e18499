"""Somebody else's networks with layers of their own: NumPy gives what Keras gave, and damaged files are refused."""

import io
import json
import zipfile

import numpy as np
import pytest

from core.errors import RunError
from core.network import explain
from core.network.dead_units import dead_units
from core.network.foreign_model import ForeignGraph, read_foreign
from core.network.graph_network import GraphReader
from core.network.keras_layers import read_layers
from tests.foreign import networks


@pytest.fixture(scope="module")
def stored() -> dict[str, np.ndarray]:
    with np.load(networks.ANSWERS) as found:
        return dict(found)


def opened(name: str) -> GraphReader:
    found = read_foreign(networks.file(name).read_bytes())
    assert isinstance(found, ForeignGraph)
    return found.reader(*((255.0, 0.0) if found.scales_itself else (1.0, 0.0)))


@pytest.mark.parametrize("name", networks.SMALL)
def test_it_answers_as_keras_did(name, stored):
    found = opened(name).probabilities(stored["images"])
    assert found.dtype == np.float32
    assert np.allclose(found.sum(1), 1, atol=1e-5)
    assert np.abs(found - stored[name]).max() < 1e-5


@pytest.mark.parametrize("name", networks.SMALL)
def test_each_layer_has_an_output_of_its_shape_and_the_last_are_probabilities(name, stored):
    reader = opened(name)
    outputs = reader.layers(stored["images"][:3])
    assert all(values.shape == (3, *row.output_shape) for row, values in outputs)
    assert np.allclose(outputs[-1][1], reader.probabilities(stored["images"][:3]), atol=1e-6)
    assert all(np.isfinite(values).all() for _, values in explain.activations(reader, stored["images"][0]))
    assert reader.features(stored["images"]).ndim == 2
    assert all(layer.dead <= layer.units for layer in dead_units(reader, stored["images"]))


def test_a_slope_says_how_the_logit_changes(stored):
    reader, image = opened("residual"), stored["images"][0] // 2 + 60
    slopes = explain.saliency(reader, image, 3)
    place = np.unravel_index(np.abs(slopes).argmax(), slopes.shape)
    more = image.copy()
    more[place] += 1
    change = float(reader.logits(more[None])[0, 3] - reader.logits(image[None])[0, 3])
    assert change == pytest.approx(slopes[place] / 255, rel=0.2)


def test_the_scaling_of_the_input_comes_before_the_first_layer(stored):
    found = read_foreign(networks.file("inception").read_bytes())
    light = found.reader(0.5, 0.0).probabilities(stored["images"])
    assert np.allclose(light, found.reader(1.0, 0.0).probabilities(stored["images"] // 2), atol=0.01)
    assert not np.allclose(light, stored["inception"], atol=1e-4)


def changed(name: str, change) -> bytes:
    """A stored file whose description was changed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(networks.file(name)) as source, zipfile.ZipFile(packed, "w") as archive:
        for member in source.namelist():
            content = source.read(member)
            if member == "config.json":
                config = json.loads(content)
                change({layer["config"]["name"]: layer for layer in config["config"]["layers"]}, config["config"])
                content = json.dumps(config).encode()
            archive.writestr(member, content)
    return packed.getvalue()


def set_config(layer: str, **values):
    return lambda layers, config: layers[layer]["config"].update(values)


def circle(layers, config):
    layers["conv2d"]["inbound_nodes"][0]["args"][0]["config"]["keras_history"][0] = "add"


DAMAGED = {
    "filters": (set_config("conv2d", filters=10**12), "filters=1000000000000"),
    "window": (set_config("conv2d", kernel_size=[40, 40], padding="valid"), "as large as its window"),
    "strides": (set_config("conv2d_1", strides=[0, 0]), r"strides=\[0, 0\]"),
    "padding": (set_config("conv2d_1", padding="causal"), "padding='causal'"),
    "channels first": (set_config("conv2d", data_format="channels_first"), "data_format='channels_first'"),
    "an activation of their own": (
        set_config("conv2d_1", activation={"module": "theirs", "class_name": "function", "config": "relu"}),
        "activation one of its own is not known",
    ),
    "other shapes": (set_config("conv2d_1", strides=[2, 2]), "inputs of one shape"),
    "other weights": (set_config("dense", use_bias=False), None),
    "circle": (circle, "in a circle"),
    "no such layer": (lambda layers, config: config.update(output_layers=["nothing", 0, 0]), "not that of a network"),
    "not ten outputs": (lambda layers, config: config.update(output_layers=["add_1", 0, 0]), "10 outputs"),
    "code": (lambda layers, config: layers["dense"].update(module="builtins"), "not one of Keras' own"),
    "registered": (lambda layers, config: layers["dense"].update(registered_name="theirs>Dense"), "not one of Keras'"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_changed_description_is_refused_with_the_reason(name):
    change, sentence = DAMAGED[name]
    content = changed("residual", change)
    if sentence is None:  # a layer without its bias is another network, and its weights are there
        assert read_foreign(content).reader(1.0, 0.0).probabilities(np.zeros((1, 28, 28), np.uint8)).shape == (1, 10)
        return
    with pytest.raises(RunError, match=sentence):
        read_foreign(content)


@pytest.mark.parametrize("name", networks.SMALL)
def test_descriptions_damaged_at_random_are_refused_or_read(name):
    with zipfile.ZipFile(networks.file(name)) as archive:
        config, rng = archive.read("config.json"), np.random.default_rng(2)
    for _ in range(40):
        damaged = bytearray(config)
        for at in rng.integers(0, len(config), 3):
            damaged[at] = rng.integers(32, 127)
        packed = io.BytesIO()
        with zipfile.ZipFile(networks.file(name)) as source, zipfile.ZipFile(packed, "w") as archive:
            for member in source.namelist():
                archive.writestr(member, bytes(damaged) if member == "config.json" else source.read(member))
        try:
            read_foreign(packed.getvalue())
        except RunError:
            continue


def test_files_of_keras_2_list_inputs_in_another_way():
    layers = [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 784], "name": "in"}, "inbound_nodes": []},
        {"class_name": "Dense", "config": {"units": 784, "name": "a"}, "inbound_nodes": [[["in", 0, 0, {}]]]},
        {"class_name": "Add", "config": {"name": "b"}, "inbound_nodes": [[["a", 0, 0, {}], ["in", 0, 0, {}]]]},
    ]
    ends = {"input_layers": [["in", 0, 0]], "output_layers": [["b", 0, 0]]}
    found = read_layers({"class_name": "Functional", "config": {"layers": layers, **ends}})
    assert [(layer.name, layer.inputs) for layer in found] == [("in", ()), ("a", ("in",)), ("b", ("a", "in"))]
