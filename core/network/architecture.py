"""A network as a list of layers with shapes and parameter counts, worked out without TensorFlow.

`models` builds Keras layers from the very same list, so that the table on screen is the network that trains.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from core.config.layers import Layer
from core.config.run_config import RunConfig
from core.digits import NUM_CLASSES, SIDE
from core.errors import NetworkError

IMAGE_KINDS = ("conv", "pool")  # these look at neighbouring pixels, so the image must still be one


@dataclass(frozen=True)
class LayerRow:
    """One row of the layer table, from the image upwards.

    `output_shape` is that of one image, without the batch. `parameters` counts all numbers the layer keeps, the running
    mean and spread of a norm included. `layer` is the knob's own layer, None where the row only reshapes or answers.
    """

    name: str
    kind: str  # scale, channel, flatten, activation, or one of layers.KINDS
    output_shape: tuple[int, ...]
    parameters: int = 0
    activation: str = ""
    layer: Layer | None = None
    bias: bool = True


def shapes(config: RunConfig) -> list[LayerRow]:
    """The rows of a network, the softmax included. Raises `NetworkError` where a layer does not fit."""
    layers = config.layers
    rows = [LayerRow("scale", "scale", (SIDE, SIDE))]
    if any(layer.kind in IMAGE_KINDS for layer in layers):
        rows.append(LayerRow("channel", "channel", (SIDE, SIDE, 1)))
    else:
        rows.append(LayerRow("flatten", "flatten", (SIDE * SIDE,)))
    for position, layer in enumerate(layers):
        above = layers[position + 1].kind if position + 1 < len(layers) else ""
        # A list first: extended step by step, `rows` would hold the norm already when its activation looks below.
        rows += [*_rows_of(layer, above, config.activation, rows)]
    shape = rows[-1].output_shape
    if len(shape) > 1:
        rows.append(LayerRow("flatten", "flatten", (math.prod(shape),)))
    units = rows[-1].output_shape[0]
    rows.append(LayerRow("probabilities", "dense", (NUM_CLASSES,), units * NUM_CLASSES + NUM_CLASSES, "softmax"))
    return rows


def parameter_count(config: RunConfig) -> int:
    """How many numbers the network keeps in all. Raises `NetworkError` if it is impossible."""
    return sum(row.parameters for row in shapes(config))


def multiplications(config: RunConfig, kinds: Collection[str] = ("dense", "conv")) -> int:
    """Multiplications of one image's way up through the layers of `kinds`; training takes about three times as many."""
    total = 0
    shape: tuple[int, ...] = (SIDE, SIDE)
    for row in shapes(config):
        if row.kind in kinds:
            each = row.layer.kernel**2 if row.layer and row.kind == "conv" else 1
            total += math.prod(row.output_shape) * each * shape[-1]
        shape = row.output_shape
    return total


def values(config: RunConfig, kinds: Collection[str] | None = None) -> int:
    """Values that one image's way makes in the layers of `kinds`, or in all rows."""
    return sum(math.prod(row.output_shape) for row in shapes(config) if kinds is None or row.kind in kinds)


def _rows_of(layer: Layer, above: str, activation: str, below: Sequence[LayerRow]) -> Iterator[LayerRow]:
    """The rows that one layer makes on top of those `below`; `above` is the kind of the next layer."""
    shape = below[-1].output_shape
    if layer.kind == "dense" and len(shape) > 1:
        shape = (math.prod(shape),)
        yield LayerRow("flatten", "flatten", shape)
    name = f"{layer.kind}{1 + sum(row.kind == layer.kind for row in below)}"
    match layer.kind:
        case "dense" | "conv":
            # Where a norm follows, it comes between the sum and the activation (Ioffe and Szegedy 2015, section
            # 3.2), and its own shift stands in for the bias.
            normed = above == "norm"
            shape, weights = _summed(layer, shape)
            parameters = weights + (0 if normed else layer.size)
            yield LayerRow(name, layer.kind, shape, parameters, "" if normed else activation, layer, bias=not normed)
        case "norm":
            yield LayerRow(name, "norm", shape, 4 * shape[-1], layer=layer)
            if below[-1].kind in ("dense", "conv") and activation != "linear":
                yield LayerRow(f"activation{name[4:]}", "activation", shape, activation=activation)
        case "pool":
            yield LayerRow(name, "pool", _pooled(layer, shape), layer=layer)
        case _:
            yield LayerRow(name, layer.kind, shape, layer=layer)


def _summed(layer: Layer, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
    """Output shape and number of weights of a dense layer or convolution on `shape`."""
    if layer.kind == "dense":
        return (layer.size,), shape[0] * layer.size
    height, width, channels = _image(layer, shape)
    if layer.kernel > min(height, width):
        raise _too_large(layer, height, width)
    return (height - layer.kernel + 1, width - layer.kernel + 1, layer.size), layer.kernel**2 * channels * layer.size


def _pooled(layer: Layer, shape: tuple[int, ...]) -> tuple[int, ...]:
    height, width, channels = _image(layer, shape)
    if layer.size > min(height, width):
        raise _too_large(layer, height, width)
    return height // layer.size, width // layer.size, channels


def _image(layer: Layer, shape: tuple[int, ...]) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise NetworkError(
            f"{layer} must stand below the first dense layer: above it there is no image any more. "
            f"Received: {layer} on {shape[0]} values. Move it down, or remove it."
        )
    return shape[0], shape[1], shape[2]


def _too_large(layer: Layer, height: int, width: int) -> NetworkError:
    return NetworkError(
        f"The window of {layer} must fit into the image below it, {height} × {width} by then. "
        f"Received: {layer.kernel or layer.size}. Take a smaller window, or less pooling before it."
    )
