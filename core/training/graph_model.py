"""Builds a network of other layers than this project's with Keras, from checked names, settings and weights.

Nothing of a foreign file reaches Keras but these: `GraphReader.blueprint` lists them.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from core.network.forward import MODEL
from core.network.graph_network import GraphReader
from core.network.graph_operation import TABLE
from core.network.numpy_network import Reader
from core.training import models

_IMAGE_SHAPE = (28, 28)


def of_reader(reader: Reader) -> keras.Model:
    """The network of a reader in Keras, with its weights and without loss and optimiser."""
    if isinstance(reader, GraphReader):
        return build(reader.blueprint(), reader.weights)
    model = models.build_layers(reader.config)
    models.set_weights(model, reader.weights)
    return model


def weights_of(model: keras.Model, reader: Reader) -> dict[str, np.ndarray]:
    """The weights of a model that `of_reader` made, by the reader's paths."""
    if not isinstance(reader, GraphReader):
        return models.get_weights(model)
    found = dict(reader.weights)
    for node in reader.graph.weighted:
        if node.layer.kind != "Normalization":
            arrays = model.get_layer(node.name).get_weights()
            found |= {node.path(name): array for name, array in zip(node.operation.weights, arrays, strict=True)}
    return found


def build(blueprint: Mapping[str, Any], weights: Mapping[str, np.ndarray]) -> keras.Model:
    """A model from uint8 (n, 28, 28) to float32 (n, 10), rows summing to 1."""
    taken = {layer["name"] for layer in blueprint["layers"]}
    image = keras.Input(_IMAGE_SHAPE, dtype="uint8", name=_free("image", taken))
    values = image
    if (scaling := tuple(blueprint["scaling"])) != (1.0, 0.0):
        values = keras.layers.Rescaling(*scaling, name=_free("input_scaling", taken))(values)
    if tuple(blueprint["shape"]) != _IMAGE_SHAPE:
        values = keras.layers.Reshape(blueprint["shape"], name=_free("input_shape", taken))(values)
    outputs = {blueprint["start"]: values}
    for described in blueprint["layers"]:
        inputs = [outputs[name] for name in described["inputs"]]
        layer = _layer(described, weights)
        outputs[described["name"]] = layer(inputs if len(inputs) > 1 else inputs[0])
        if described["weights"] and described["kind"] != "Normalization":
            layer.set_weights([weights[f"{MODEL}/{layer.name}/{name}"] for name in described["weights"]])
    last = outputs[blueprint["layers"][-1]["name"]]
    if blueprint["softmax"]:
        last = keras.layers.Softmax(name=_free("probabilities", taken))(last)
    return keras.Model(image, last, name=MODEL)


def _layer(described: Mapping[str, Any], weights: Mapping[str, np.ndarray]) -> Any:
    kind, name, settings = described["kind"], described["name"], dict(described["settings"])
    if kind not in TABLE:
        raise AssertionError(f"no Keras layer for {kind}")
    if kind == "Normalization" and described["weights"]:  # what `adapt` found becomes a setting
        settings |= {name_: weights[f"{MODEL}/{name}/{name_}"].tolist() for name_ in described["weights"]}
    return getattr(keras.layers, kind)(name=name, **settings)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name
