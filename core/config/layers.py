"""One hidden layer as a value, and a list of layers as a short text that fits into a link.

    conv32x3 · pool2 · dropout0.25 · dense128 · norm          conv32x3-pool2-dropout0.25-dense128-norm

`network.architecture` computes shapes and parameter counts; `training.models` builds the Keras layers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import NetworkError

LAYER_KINDS = ("dense", "conv", "pool", "dropout", "norm")
MAX_LAYERS = 16
MAX_UNITS = 4096
MAX_FILTERS = 512


@dataclass(frozen=True, slots=True)
class Layer:
    """One hidden layer: its `kind` and one or two numbers.

    `size` is the number of units (dense) or filters (conv), or the side of the window (pool). `kernel` is the side of a
    convolution's window. `rate` is the share of values that dropout sets to 0, in [0, 0.9].
    """

    kind: str
    size: int = 0
    kernel: int = 0
    rate: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in LAYER_KINDS:
            raise NetworkError(f"A layer must be one of {', '.join(LAYER_KINDS)}.", received=self.kind)
        if self.kind == "dense":
            _check_range("units of a dense layer", self.size, 1, MAX_UNITS)
        elif self.kind == "conv":
            _check_range("filters of a convolution", self.size, 1, MAX_FILTERS)
            _check_range("window of a convolution", self.kernel, 1, 28)
        elif self.kind == "pool":
            _check_range("window of a pooling layer", self.size, 2, 28)
        elif self.kind == "dropout":
            _check_range("rate of a dropout layer", self.rate, 0.0, 0.9)

    def __str__(self) -> str:
        """The layer as text in a link: `dense128`, `conv32x3`, `pool2`, `dropout0.25`, `norm`."""
        match self.kind:
            case "dense" | "pool":
                return f"{self.kind}{self.size}"
            case "conv":
                return f"conv{self.size}x{self.kernel}"
            case "dropout":
                return f"dropout{self.rate:g}"
            case _:
                return self.kind


def dense(units: int) -> Layer:
    """A layer of `units` units, each connected to every input value."""
    return Layer("dense", size=units)


def conv(filters: int, kernel: int = 3) -> Layer:
    """A convolution with `filters` filters of `kernel` × `kernel` pixels, without padding."""
    return Layer("conv", size=filters, kernel=kernel)


def pool(window: int = 2) -> Layer:
    """Keeps the largest value of each `window` × `window` square."""
    return Layer("pool", size=window)


def dropout(rate: float) -> Layer:
    """Sets a random share `rate` of the values to 0 in each training step."""
    return Layer("dropout", rate=rate)


def norm() -> Layer:
    """Batch normalisation: gives each value mean 0 and standard deviation 1 over the batch, then learns its own."""
    return Layer("norm")


_LAYER_PATTERN = re.compile(r"(?P<kind>[a-z]+)(?P<size>[0-9]*\.?[0-9]*)(?:x(?P<kernel>[0-9]+))?")
_EXAMPLE = "conv32x3-pool2-dropout0.25-dense128-norm"


def parse_layers(text: str) -> tuple[Layer, ...]:
    """The layers that `text` names, from the image to the output. Raises `NetworkError` if it cannot be read."""
    layers = tuple(_parse_layer(part) for part in re.split(r"[-\s,]+", text.strip().lower()) if part)
    if len(layers) > MAX_LAYERS:
        raise NetworkError(
            f"A network must have at most {MAX_LAYERS} hidden layers. Remove some.", received=len(layers)
        )
    return layers


def format_layers(layers: Sequence[Layer]) -> str:
    """The text that `parse_layers` reads back."""
    return "-".join(map(str, layers))


def _parse_layer(part: str) -> Layer:
    match = _LAYER_PATTERN.fullmatch(part)
    if not match or match["kind"] not in LAYER_KINDS:
        raise NetworkError(
            f"A layer must be one of {', '.join(LAYER_KINDS)} with its numbers. Write layers like {_EXAMPLE}.",
            received=part,
        )
    kind, size, kernel = match["kind"], match["size"], match["kernel"]
    try:
        match kind:
            case "dense" if not kernel:
                return dense(int(size))
            case "conv":
                return conv(int(size), int(kernel or 3))
            case "pool" if not kernel:
                return pool(int(size or 2))
            case "dropout" if not kernel:
                return dropout(float(size))
            case "norm" if not size and not kernel:
                return norm()
    except ValueError:
        pass
    raise NetworkError(f"The numbers of a {kind} layer must be written as in {_EXAMPLE}.", received=part)


def _check_range(what: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise NetworkError(f"The {what} must be between {low} and {high}.", received=value)
