"""Somebody else's network as a graph of operations in NumPy: what its file says, checked, and the walk through it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

# These two fill the table of operations.
from core.network import graph_shaping as graph_shaping
from core.network import graph_weighted as graph_weighted
from core.network.architecture import LayerRow
from core.network.forward import MODEL
from core.network.graph_activations import SOFTMAX
from core.network.graph_operation import TABLE, Given, Operation, Shape
from core.network.keras_file import KerasArchive, check_finite
from core.network.keras_layers import INPUT, KerasLayer, Settings, input_shape, refused

MAX_WORK = 500_000_000  # multiplications of one image: about a tenth of a second
MAX_VALUES = 1 << 20  # of one image between two layers


@dataclass(frozen=True)
class Node:
    """A layer, its checked settings as Keras' constructor takes them, and its operation."""

    layer: KerasLayer
    settings: dict[str, Any]
    operation: Operation

    @property
    def name(self) -> str:
        return self.layer.name

    @property
    def row(self) -> LayerRow:
        """The layer as pages show it."""
        made = self.operation
        size = sum(map(math.prod, made.weights.values()))
        return LayerRow(self.name, made.kind, made.shape, size, made.activation)

    def path(self, weight: str) -> str:
        """The name of one of its weights, as those of this project's networks are named."""
        return f"{MODEL}/{self.name}/{weight}"


@dataclass(frozen=True)
class Graph:
    """The layers in an order in which they can be computed; the last one gives ten values."""

    start: str  # the input's name
    input_shape: Shape  # of one image
    nodes: tuple[Node, ...]

    @classmethod
    def of(cls, layers: Sequence[KerasLayer]) -> Self:
        """Raises `RunError` with the reason for layers that are not known or do not fit together."""
        first, *others = layers
        if first.kind != INPUT:
            raise refused("its first layer is no input")
        shapes, nodes, made = {first.name: input_shape(first)}, [], set[str]()
        for layer in others:
            if layer.kind == INPUT and layer.inputs == (first.name,):  # older files have two input layers
                shapes[layer.name] = shapes[first.name]
                continue
            resolved = replace(layer, inputs=tuple(name if name in made else first.name for name in layer.inputs))
            node = _node(resolved, tuple(shapes[name] for name in layer.inputs))
            made.add(layer.name)
            shapes[layer.name] = node.operation.shape
            nodes.append(node)
        graph = cls(first.name, shapes[first.name], tuple(nodes))
        graph._check()
        return graph

    @property
    def gives_probabilities(self) -> bool:
        """Whether the ten values are probabilities; else they are logits."""
        return self._is_softmax(self.nodes[-1])

    @property
    def ends_with_softmax(self) -> bool:
        """Whether the last layer's own function is the softmax."""
        return self.nodes[-1].operation.activation == SOFTMAX

    @property
    def weighted(self) -> list[Node]:
        return [node for node in self.nodes if node.operation.weights]

    @property
    def work(self) -> int:
        """Multiplications of one image."""
        return sum(node.operation.work for node in self.nodes)

    @property
    def most_values(self) -> int:
        """The most values of one image between two layers."""
        return max(math.prod(node.operation.shape) for node in self.nodes)

    def read_weights(self, archive: KerasArchive) -> dict[str, np.ndarray]:
        """The weights in the file, float32 by path. Raises `RunError` where they do not fit the layers."""
        nodes = self.weighted
        asked = [(str(node.layer.config.get("name", node.name)), node.layer.kind) for node in nodes]
        found = archive.weights(asked, [[*node.operation.weights.values()] for node in nodes])
        check_finite(array for arrays in found for array in arrays)
        return {
            node.path(name): array
            for node, arrays in zip(nodes, found, strict=True)
            for name, array in zip(node.operation.weights, arrays, strict=True)
        }

    def walk(
        self, weights: Mapping[str, np.ndarray], values: np.ndarray
    ) -> Iterator[tuple[Node, list[np.ndarray], np.ndarray]]:
        """Each node with its inputs and its output before its activation function. values: float32 (n, 28, 28)."""
        outputs = {self.start: values.reshape(len(values), *self.input_shape)}
        last_use = {name: node.name for node in self.nodes for name in node.layer.inputs}
        for node in self.nodes:
            inputs = [outputs[name] for name in node.layer.inputs]
            own = {name: weights[node.path(name)] for name in node.operation.weights}
            sums = node.operation.compute(inputs, own)
            outputs[node.name] = node.operation.function(sums)
            yield node, inputs, sums
            for name in set(node.layer.inputs):
                if last_use[name] == node.name:
                    del outputs[name]

    @property
    def begins_with_rescaling(self) -> bool:
        """Whether the network itself scales the pixels, so that it takes them from 0 to 255."""
        kinds = (node.layer.kind for node in self.nodes if node.layer.kind not in ("Reshape", "Flatten"))
        return next(kinds) == "Rescaling"

    def _is_softmax(self, node: Node) -> bool:
        made = node.operation
        if made.activation == SOFTMAX:
            return True
        by_name = {other.name: other for other in self.nodes}
        below = [by_name.get(name) for name in node.layer.inputs]
        passes = not made.activation and (made.kind in ("dropout", "flatten") or node.layer.kind == "Average")
        return passes and all(one is not None and self._is_softmax(one) for one in below)

    def _check(self) -> None:
        if not self.nodes or self.nodes[-1].operation.shape != (10,):
            raise refused("its last layer must have 10 outputs, one for each digit")
        ending = self.nodes[-1].operation.activation
        if ending not in ("", SOFTMAX, "log_softmax"):
            raise refused(f"its last layer must end with softmax or logits, and not with {ending}")
        if self.work > MAX_WORK or self.most_values > MAX_VALUES:
            raise refused(
                f"it is too large: one image takes {self.work:,} multiplications and up to {self.most_values:,} "
                f"values in a layer. Possible are {MAX_WORK:,} and {MAX_VALUES:,}"
            )


def _node(layer: KerasLayer, shapes: tuple[Shape, ...]) -> Node:
    make = TABLE.get(layer.kind)
    if make is None:
        raise refused(f"its layer {layer.kind[:40]} is not known here. Known are {', '.join(sorted(TABLE))}")
    settings = Settings(layer)
    return Node(layer, settings.used, make(Given(layer, settings, shapes)))
