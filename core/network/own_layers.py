"""Somebody else's network with the layers of this project's networks: it becomes one, and every page works for it.

Layers that differ raise `OtherLayers`; `foreign_model` then uses a graph.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from core.config.layers import Layer, conv, dense, format_layers, norm, pool
from core.config.run_config import KNOBS, RunConfig
from core.errors import ConfigError
from core.network.architecture import LayerRow, layer_table, weight_shapes
from core.network.forward import MODEL, NORM_EPSILON
from core.network.keras_file import KerasArchive, check_finite
from core.network.keras_layers import INPUT, INPUTS, KerasLayer, input_shape, read_layers
from core.network.numpy_network import Reader

_NO_EFFECT = ("Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "ActivityRegularization")


class OtherLayers(Exception):
    """The knobs of this project cannot describe the network."""


@dataclass
class _Part:
    """One layer with weights: a dense layer or a convolution, what was found after it, and its place in the file."""

    kind: str
    name: str
    units: int
    kernel: int = 0
    bias: bool = True
    activation: str = "linear"
    norm: dict[str, Any] | None = None
    pools: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class ForeignModel:
    """A network of this project with the weights of the file.

    weights: float32 by Keras' path, for inputs as the file's network expects them. scale, offset: what its own first
    layer does with pixels, if it has such a layer (`Rescaling`); else None.
    """

    config: RunConfig
    weights: dict[str, np.ndarray]
    scaling: tuple[float, float] | None

    @property
    def scales_itself(self) -> bool:
        """Whether its first layer scales pixels from 0 to 255."""
        return self.scaling is not None

    def reader(self, factor: float, offset: float) -> Reader:
        """The network, where it expects factor·pixel + offset with pixels from 0 to 1, and says nothing itself."""
        scale, shift = self.scaling or (1.0, 0.0)
        return Reader(self.config, self.for_input(factor * scale, offset * scale + shift))

    def for_input(self, factor: float, offset: float) -> dict[str, np.ndarray]:
        """The weights for this project's input, pixels from 0 to 1, where the network expects factor·pixel + offset.

        The factor moves into the first layer's kernel, and the offset into its bias (or into the mean of its norm).
        """
        rows = layer_table(self.config)
        at = next(at for at, row in enumerate(rows) if row.kind in ("dense", "conv"))
        path, weights = f"{MODEL}/{rows[at].name}", dict(self.weights)
        kernel = weights[f"{path}/kernel"]
        shift = np.float32(offset) * kernel.sum(axis=tuple(range(kernel.ndim - 1)))
        weights[f"{path}/kernel"] = kernel * np.float32(factor)
        if rows[at].bias:
            weights[f"{path}/bias"] = weights[f"{path}/bias"] + shift
        else:
            mean = f"{MODEL}/{rows[at + 1].name}/moving_mean"
            weights[mean] = weights[mean] - shift
        return weights


def own_network(content: bytes) -> ForeignModel:
    """The network in a `.keras` file.

    Raises `OtherLayers` if the knobs cannot describe it, and `RunError` or the errors of a wrong type if it is damaged.
    """
    archive = KerasArchive(io.BytesIO(content))
    layers = read_layers(archive.config())
    if any(layer.inputs != (before.name,) for before, layer in pairwise(layers)):
        raise OtherLayers
    parts, scaling = _parts(layers)
    config = _config(parts)
    return ForeignModel(config, _weights(archive, config, parts), scaling)


def _parts(layers: Sequence[KerasLayer]) -> tuple[list[_Part], tuple[float, float] | None]:
    """The layers with weights, each with what follows it, and the scaling at the beginning."""
    parts: list[_Part] = []
    first_pools: list[int] = []
    scaling = None
    flat = len(input_shape(layers[0])) == 1
    for layer in layers[1:]:
        kind, config = layer.kind, layer.config
        last = parts[-1] if parts else None
        match kind:
            case "Flatten":
                flat = True
            case "Reshape" if tuple(config["target_shape"]) in (*INPUTS, (-1,)):
                flat = flat or len(config["target_shape"]) == 1
            case _ if kind == INPUT:
                pass
            case "Rescaling" if last is None and scaling is None:
                scaling = float(config["scale"]), float(config.get("offset", 0.0))
            case "Dense" if flat:
                parts.append(_Part("dense", config["name"], int(config["units"]), **_common(config)))
            case "Conv2D" if not flat:
                parts.append(_convolution(config))
            case "MaxPooling2D" if not flat:
                _pools(last, first_pools).append(_window(config))
            case "BatchNormalization" if last and last.activation == "linear" and not last.norm and not last.pools:
                last.norm = _batch_norm(config, flat)
            case "Activation" | "ReLU" | "Softmax" | "ELU" if last and last.activation == "linear" and not last.pools:
                last.activation = _activation(kind, config)
            case _ if kind in _NO_EFFECT:
                pass
            case _:
                raise OtherLayers
    if first_pools:
        raise OtherLayers
    return parts, scaling


def _common(config: dict[str, Any]) -> dict[str, Any]:
    return {"bias": bool(config.get("use_bias", True)), "activation": _name_of(config.get("activation"))}


def _convolution(config: dict[str, Any]) -> _Part:
    high, wide = config["kernel_size"]
    plain = [*config["strides"], *config.get("dilation_rate", (1, 1)), config.get("groups", 1)] == [1] * 5
    if high != wide or config["padding"] != "valid" or not plain or config.get("data_format") == "channels_first":
        raise OtherLayers
    return _Part("conv", config["name"], int(config["filters"]), int(high), **_common(config))


def _batch_norm(config: dict[str, Any], flat: bool) -> dict[str, Any]:
    last = 1 if flat else 3
    if config.get("axis", -1) not in (-1, last, [-1], [last]):
        raise OtherLayers
    return config


def _pools(last: _Part | None, first: list[int]) -> list[int]:
    return last.pools if last else first


def _window(config: dict[str, Any]) -> int:
    high, wide = config["pool_size"]
    channels_last = config.get("data_format") != "channels_first"
    strides = config.get("strides") or [high, wide]
    if high != wide or strides != [high, wide] or config["padding"] != "valid" or not channels_last:
        raise OtherLayers
    return int(high)


def _activation(kind: str, config: dict[str, Any]) -> str:
    if kind == "ReLU":
        plain = config.get("max_value") is None and not config.get("negative_slope") and not config.get("threshold")
        return "relu" if plain else "a changed relu"
    if kind == "ELU":
        return "elu" if config.get("alpha", 1.0) == 1.0 else "a changed elu"
    return "softmax" if kind == "Softmax" else _name_of(config.get("activation"))


def _name_of(activation: Any) -> str:
    return activation if isinstance(activation, str) else "linear" if activation is None else "one of its own"


def _config(parts: list[_Part]) -> RunConfig:
    """The knobs of the network. Raises `OtherLayers` where one activation for all hidden layers is not enough."""
    if not parts or parts[-1].kind != "dense" or parts[-1].units != 10:
        raise OtherLayers
    if parts[-1].activation not in ("softmax", "linear") or parts[-1].norm:
        raise OtherLayers
    hidden = parts[:-1]
    kinds = {part.activation for part in hidden} or {"relu"}
    if len(kinds) > 1 or not kinds <= set(KNOBS["activation"].choices):
        raise OtherLayers
    layers: list[Layer] = []
    for part in hidden:
        layers.append(dense(part.units) if part.kind == "dense" else conv(part.units, part.kernel))
        layers += [norm()] if part.norm else []
        layers += [pool(window) for window in part.pools]
    # Whoever trained it used all training images, as far as anybody knows: no images are held out.
    text = format_layers(layers)
    try:
        return RunConfig(network=text, hidden_layers=0, activation=kinds.pop(), validate_on="none")
    except ConfigError:
        raise OtherLayers from None


def _weights(archive: KerasArchive, config: RunConfig, parts: list[_Part]) -> dict[str, np.ndarray]:
    rows = [row for row in layer_table(config) if row.kind in ("dense", "conv")]
    norms = iter([row for row in layer_table(config) if row.kind == "norm"])
    asked, expected = [], []
    shapes = weight_shapes(config)
    for part, row in zip(parts, rows, strict=True):
        kernel_shape = shapes[row.name]["kernel"]
        asked.append((part.name, "Dense" if part.kind == "dense" else "Conv2D"))
        expected.append([kernel_shape, (part.units,)] if part.bias else [kernel_shape])
        if part.norm:
            number = sum(bool(part.norm.get(name, True)) for name in ("scale", "center")) + 2
            asked.append((part.norm["name"], "BatchNormalization"))
            expected.append([(part.units,)] * number)
    arrays = archive.weights(asked, expected)
    check_finite(array for of_layer in arrays for array in of_layer)
    found = iter(arrays)
    weights: dict[str, np.ndarray] = {}
    for part, row in zip(parts, rows, strict=True):
        kernel, *bias = next(found)
        weights[f"{MODEL}/{row.name}/kernel"] = kernel
        shift = bias[0] if bias else np.zeros(part.units, np.float32)
        if part.norm:
            weights |= _norm(next(norms), part.norm, next(found), shift)
        else:
            weights[f"{MODEL}/{row.name}/bias"] = shift
    return weights


def _norm(row: LayerRow, config: dict[str, Any], arrays: list[np.ndarray], bias: np.ndarray) -> dict[str, np.ndarray]:
    """Its four arrays. A bias before the norm moves its mean; another epsilon moves its variance."""
    *learned, mean, variance = arrays
    given = iter(learned)
    gamma = next(given) if config.get("scale", True) else np.ones_like(mean)
    beta = next(given) if config.get("center", True) else np.zeros_like(mean)
    # Not below 0: gamma is divided instead where the variance would be.
    spread = variance + np.float32(config.get("epsilon", NORM_EPSILON))
    kept = np.maximum(spread - np.float32(NORM_EPSILON), 0)
    gamma = gamma * np.sqrt((kept + np.float32(NORM_EPSILON)) / spread)
    names = {"gamma": gamma, "beta": beta, "moving_mean": mean - bias, "moving_variance": kept}
    return {f"{MODEL}/{row.name}/{name}": array.astype(np.float32) for name, array in names.items()}
