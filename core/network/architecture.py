"""A network as a list of layers with shapes and parameter counts, computed without TensorFlow.

`training.models` builds Keras layers from the same list, so the table on screen is the network that trains.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from core.config.layers import Layer
from core.config.run_config import RunConfig
from core.errors import NetworkError
from core.image_shape import NUM_CLASSES, SIDE

WEIGHT_NAMES = {  # by the kind of a row, in the order of Keras
    "dense": ("kernel", "bias"),
    "conv": ("kernel", "bias"),
    "norm": ("gamma", "beta", "moving_mean", "moving_variance"),
}
IMAGE_KINDS = ("conv", "pool")  # they need neighbouring pixels, so they must come before the first dense layer


@dataclass(frozen=True)
class LayerRow:
    """One row of the layer table; the first is the one after the image.

    `output_shape` is that of one image, without the batch. `parameters` counts all numbers the layer keeps, the running
    mean and spread of a norm included. `layer` is the knob's layer, None for rows that only reshape and for
    the softmax.
    """

    name: str
    kind: str  # scale, channel, flatten, activation, or one of layers.KINDS
    output_shape: tuple[int, ...]
    parameters: int = 0
    activation: str = ""
    layer: Layer | None = None
    bias: bool = True


def is_dense(config: RunConfig) -> bool:
    """Whether no layer needs the rows and columns of an image."""
    return not any(layer.kind in IMAGE_KINDS for layer in config.layers)


def layer_table(config: RunConfig) -> list[LayerRow]:
    """The rows of a network, with the softmax. Raises `NetworkError` if a layer does not fit."""
    layers = config.layers
    rows = [LayerRow("scale", "scale", (SIDE, SIDE))]
    if is_dense(config):
        rows.append(LayerRow("flatten", "flatten", (SIDE * SIDE,)))
    else:
        rows.append(LayerRow("channel", "channel", (SIDE, SIDE, 1)))
    for position, layer in enumerate(layers):
        above = layers[position + 1].kind if position + 1 < len(layers) else ""
        # As a list first: otherwise `rows` would already hold the norm when its activation is computed.
        rows += [*_layer_rows(layer, above, config.activation, rows)]
    shape = rows[-1].output_shape
    if len(shape) > 1:
        rows.append(LayerRow("flatten", "flatten", (math.prod(shape),)))
    units = rows[-1].output_shape[0]
    rows.append(LayerRow("probabilities", "dense", (NUM_CLASSES,), units * NUM_CLASSES + NUM_CLASSES, "softmax"))
    return rows


def count_parameters(config: RunConfig) -> int:
    """How many parameters the network has. Raises `NetworkError` if it is impossible."""
    return sum(row.parameters for row in layer_table(config))


def weight_shapes(config: RunConfig) -> dict[str, dict[str, tuple[int, ...]]]:
    """The shape of each weight, by the layer's name and the weight's, in the order of Keras' `Model.get_weights()`."""
    shapes: dict[str, dict[str, tuple[int, ...]]] = {}
    below: tuple[int, ...] = (SIDE, SIDE)
    for row in layer_table(config):
        if row.kind in WEIGHT_NAMES:
            channels = row.output_shape[-1]
            window = (row.layer.kernel,) * 2 if row.layer and row.kind == "conv" else ()
            kernel = {"kernel": (*window, below[-1], channels)}
            names = WEIGHT_NAMES[row.kind] if row.bias else ("kernel",)
            shapes[row.name] = {name: kernel.get(name, (channels,)) for name in names}
        below = row.output_shape
    return shapes


def count_multiplications(config: RunConfig, kinds: Collection[str] = ("dense", "conv")) -> int:
    """Multiplications of one forward pass of one image in layers of `kinds`; training needs three times as many."""
    total = 0
    shape: tuple[int, ...] = (SIDE, SIDE)
    for row in layer_table(config):
        if row.kind in kinds:
            each = row.layer.kernel**2 if row.layer and row.kind == "conv" else 1
            total += math.prod(row.output_shape) * each * shape[-1]
        shape = row.output_shape
    return total


def count_outputs(config: RunConfig, kinds: Collection[str] | None = None) -> int:
    """Output values of one image in layers of `kinds`, or in all rows."""
    return sum(math.prod(row.output_shape) for row in layer_table(config) if kinds is None or row.kind in kinds)


def _layer_rows(layer: Layer, above: str, activation: str, below: Sequence[LayerRow]) -> Iterator[LayerRow]:
    """The rows of one layer after those `below`; `above` is the kind of the next layer."""
    shape = below[-1].output_shape
    if layer.kind == "dense" and len(shape) > 1:
        shape = (math.prod(shape),)
        yield LayerRow("flatten", "flatten", shape)
    name = f"{layer.kind}{1 + sum(row.kind == layer.kind for row in below)}"
    match layer.kind:
        case "dense" | "conv":
            # A following norm goes between the sum and the activation (Ioffe and Szegedy 2015, section
            # 3.2), and its own shift replaces the bias.
            normed = above == "norm"
            shape, weights = _weighted_shape(layer, shape)
            parameters = weights + (0 if normed else layer.size)
            yield LayerRow(name, layer.kind, shape, parameters, "" if normed else activation, layer, bias=not normed)
        case "norm":
            yield LayerRow(name, "norm", shape, 4 * shape[-1], layer=layer)
            if below[-1].kind in ("dense", "conv") and activation != "linear":
                yield LayerRow(f"activation{name[4:]}", "activation", shape, activation=activation)
        case "pool":
            yield LayerRow(name, "pool", _pooled_shape(layer, shape), layer=layer)
        case _:
            yield LayerRow(name, layer.kind, shape, layer=layer)


def _weighted_shape(layer: Layer, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
    """Output shape and number of weights of a dense layer or convolution on `shape`."""
    if layer.kind == "dense":
        return (layer.size,), shape[0] * layer.size
    height, width, channels = _image(layer, shape)
    if layer.kernel > min(height, width):
        raise _too_large(layer, height, width)
    return (height - layer.kernel + 1, width - layer.kernel + 1, layer.size), layer.kernel**2 * channels * layer.size


def _pooled_shape(layer: Layer, shape: tuple[int, ...]) -> tuple[int, ...]:
    height, width, channels = _image(layer, shape)
    if layer.size > min(height, width):
        raise _too_large(layer, height, width)
    return height // layer.size, width // layer.size, channels


def _image(layer: Layer, shape: tuple[int, ...]) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise NetworkError(
            f"{layer} must come before the first dense layer: after it there is no image. "
            "Move it before the first dense layer, or remove it.",
            received=f"{layer} after {shape[0]} values",
        )
    return shape[0], shape[1], shape[2]


def _too_large(layer: Layer, height: int, width: int) -> NetworkError:
    return NetworkError(
        f"The window of {layer} must fit into the image before it, which is {height} × {width}. "
        "Choose a smaller window, or less pooling before it.",
        received=layer.kernel or layer.size,
    )
