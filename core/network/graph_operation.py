"""One layer of a foreign network as an operation in NumPy, and the table of all kinds of layers that have one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.errors import RunError
from core.network.graph_activations import FUNCTIONS, LINEAR, Function, activation_name
from core.network.keras_layers import KerasLayer, Settings, refused

Shape = tuple[int, ...]
Weights = Mapping[str, np.ndarray]
Compute = Callable[[Sequence[np.ndarray], Weights], np.ndarray]
MAX_UNITS = 1 << 16


@dataclass(frozen=True)
class Operation:
    """What a layer makes of its inputs.

    kind: that of a `LayerRow`. shape: of one image's output. compute: inputs float32 (n, …) and the layer's weights →
    the output before `function`. weights: name → shape, in Keras' order. work: multiplications of one image.
    """

    kind: str
    shape: Shape
    compute: Compute
    weights: dict[str, Shape] = field(default_factory=dict)
    activation: str = ""
    function: Function = FUNCTIONS[LINEAR]
    work: int = 0


@dataclass(frozen=True)
class Given:
    """What the operation of a layer is made from: the layer, its settings, and the shapes of its inputs."""

    layer: KerasLayer
    settings: Settings
    shapes: tuple[Shape, ...]

    @property
    def shape(self) -> Shape:
        """The shape of the only input. Raises `RunError` where there are several."""
        if len(self.shapes) != 1:
            raise refused(f"its layer {self.layer.name} has {len(self.shapes)} inputs, and only one is possible")
        return self.shapes[0]

    @property
    def image(self) -> tuple[int, int, int]:
        """The shape of the only input, rows × columns × channels. Raises `RunError` for another form."""
        self.settings.must_be("data_format", "channels_last")
        shape = self.shape
        if len(shape) != 3:
            raise self.wrong_shape("an image with channels, such as 28 × 28 × 1")
        return shape[0], shape[1], shape[2]

    def activation(self) -> tuple[str, Function]:
        """The setting `activation`."""
        name = activation_name(self.settings.raw("activation"))
        self.settings.used["activation"] = name
        return ("" if name == LINEAR else name), FUNCTIONS[name]

    def wrong_shape(self, expected: str) -> RunError:
        """The error for an input of another shape."""
        words = " and ".join(" × ".join(map(str, shape)) for shape in self.shapes)
        return refused(f"its layer {self.layer.name} ({self.layer.kind}) needs {expected}, and it gets {words}")


Make = Callable[[Given], Operation]
TABLE: dict[str, Make] = {}


def layers(*kinds: str) -> Callable[[Make], Make]:
    """Enters a function into the table for these classes of Keras."""

    def enter(make: Make) -> Make:
        TABLE.update(dict.fromkeys(kinds, make))
        return make

    return enter


def unchanged(inputs: Sequence[np.ndarray], weights: Weights) -> np.ndarray:
    """What a layer without an effect computes."""
    return inputs[0]


def plain(compute: Callable[[np.ndarray], Any]) -> Compute:
    """The computation of a layer that has one input and no weights."""
    return lambda inputs, weights: np.asarray(compute(inputs[0]))
