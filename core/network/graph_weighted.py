"""Keras' layers with weights as operations in NumPy: dense layers, convolutions and normalisations."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from core.network import graph_sums
from core.network.graph_operation import MAX_UNITS, Compute, Given, Operation, Shape, Weights, layers, plain
from core.network.graph_sums import Window


@layers("Dense")
def _dense(given: Given) -> Operation:
    settings, shape = given.settings, given.shape
    units = settings.whole("units", 1, MAX_UNITS)
    settings.must_be("quantization_config")
    name, function = given.activation()
    return Operation(
        "dense",
        (*shape[:-1], units),
        _with_bias(lambda values, weights: values @ weights["kernel"]),
        {"kernel": (shape[-1], units), **_bias(given, units)},
        name,
        function,
        math.prod(shape) * units,
    )


@layers("Conv2D")
def _convolution(given: Given) -> Operation:
    settings, (high, wide, channels) = given.settings, given.image
    filters, groups = settings.whole("filters", 1, MAX_UNITS), settings.whole("groups", 1, MAX_UNITS, 1)
    window = _window(given, "kernel_size")
    if channels % groups or filters % groups:
        raise settings.refused("groups")
    kernel = (*window.size, channels // groups, filters)
    shape = _fitting(given, graph_sums.image_shape((high, wide), window, filters))
    name, function = given.activation()
    return Operation(
        "conv",
        shape,
        _with_bias(lambda values, weights: graph_sums.convolve(values, weights["kernel"], window, groups)),
        {"kernel": kernel, **_bias(given, filters)},
        name,
        function,
        math.prod(shape[:2]) * math.prod(kernel),
    )


@layers("DepthwiseConv2D")
def _depthwise(given: Given) -> Operation:
    settings, (high, wide, channels) = given.settings, given.image
    window, many = _window(given, "kernel_size"), settings.whole("depth_multiplier", 1, 1024, 1)
    shape = _fitting(given, graph_sums.image_shape((high, wide), window, channels * many))
    kernel = (*window.size, channels, many)
    name, function = given.activation()
    return Operation(
        "depthwise",
        shape,
        _with_bias(lambda values, weights: graph_sums.convolve_depthwise(values, weights["kernel"], window)),
        {"kernel": kernel, **_bias(given, channels * many)},
        name,
        function,
        math.prod(shape[:2]) * math.prod(kernel),
    )


@layers("SeparableConv2D")
def _separable(given: Given) -> Operation:
    settings, (high, wide, channels) = given.settings, given.image
    window, many = _window(given, "kernel_size"), settings.whole("depth_multiplier", 1, 1024, 1)
    filters = settings.whole("filters", 1, MAX_UNITS)
    shape = _fitting(given, graph_sums.image_shape((high, wide), window, filters))
    depthwise, pointwise = (*window.size, channels, many), (1, 1, channels * many, filters)

    def compute(values: np.ndarray, weights: Weights) -> np.ndarray:
        found = graph_sums.convolve_depthwise(values, weights["depthwise_kernel"], window)
        return found @ weights["pointwise_kernel"][0, 0]

    name, function = given.activation()
    return Operation(
        "separable",
        shape,
        _with_bias(compute),
        {
            "depthwise_kernel": depthwise,
            "pointwise_kernel": pointwise,
            **_bias(given, filters),
        },
        name,
        function,
        math.prod(shape[:2]) * (math.prod(depthwise) + math.prod(pointwise)),
    )


@layers("BatchNormalization")
def _batch_norm(given: Given) -> Operation:
    learned, epsilon = _learned(given), given.settings.number("epsilon", 1e-3)
    sides = (given.shape[-1],)

    def compute(inputs: Sequence[np.ndarray], weights: Weights) -> np.ndarray:
        scale = _or_ones(weights, "gamma") / np.sqrt(weights["moving_variance"] + np.float32(epsilon))
        return np.asarray((inputs[0] - weights["moving_mean"]) * scale + _or_zeros(weights))

    names = (*learned, "moving_mean", "moving_variance")
    return Operation("norm", given.shape, compute, dict.fromkeys(names, sides))


@layers("LayerNormalization")
def _layer_norm(given: Given) -> Operation:
    given.settings.must_be("rms_scaling", False)
    learned, epsilon = _learned(given), given.settings.number("epsilon", 1e-3)

    def compute(inputs: Sequence[np.ndarray], weights: Weights) -> np.ndarray:
        centred = inputs[0] - inputs[0].mean(axis=-1, keepdims=True)
        spread = np.square(centred).mean(axis=-1, keepdims=True) + np.float32(epsilon)
        return np.asarray(centred / np.sqrt(spread) * _or_ones(weights, "gamma") + _or_zeros(weights))

    return Operation("norm", given.shape, compute, dict.fromkeys(learned, (given.shape[-1],)))


@layers("PReLU")
def _prelu(given: Given) -> Operation:
    shared = given.settings.raw("shared_axes", [])
    if not isinstance(shared, list) or not all(axis in range(1, len(given.shape) + 1) for axis in shared):
        raise given.settings.refused("shared_axes")
    given.settings.used["shared_axes"] = shared or None
    sides = tuple(1 if axis in shared else side for axis, side in enumerate(given.shape, 1))

    def compute(inputs: Sequence[np.ndarray], weights: Weights) -> np.ndarray:
        return np.where(inputs[0] > 0, inputs[0], inputs[0] * weights["alpha"])

    return Operation("activation", given.shape, compute, {"alpha": sides}, "prelu")


@layers("Normalization")
def _normalization(given: Given) -> Operation:
    """Mean and variance are settings, or weights that `adapt` found."""
    settings, shape = given.settings, given.shape
    settings.must_be("invert", False)
    axis = settings.raw("axis", [])
    axes = axis if isinstance(axis, list) else [axis]
    if not all(type(one) is int and -len(shape) <= one <= len(shape) and one for one in axes):
        raise settings.refused("axis")
    kept = sorted({one - 1 if one > 0 else one + len(shape) for one in axes})
    sides = tuple(side if place in kept else 1 for place, side in enumerate(shape))
    settings.used["axis"] = [place + 1 for place in kept] or None
    if settings.raw("mean") is None:
        of_weights: Shape = tuple(shape[place] for place in kept)

        def compute(inputs: Sequence[np.ndarray], weights: Weights) -> np.ndarray:
            mean, variance = weights["mean"].reshape(sides), weights["variance"].reshape(sides)
            return _standardised(inputs[0], mean, variance)

        return Operation("scale", shape, compute, {"mean": of_weights, "variance": of_weights})
    numbers = {name: np.asarray(settings.raw(name), np.float32) for name in ("mean", "variance")}
    for name, found in numbers.items():
        if not np.isfinite(found).all() or found.size not in (1, math.prod(sides)):
            raise settings.refused(name)
        settings.used[name] = found.reshape([shape[place] for place in kept] if found.size > 1 else []).tolist()
    mean, variance = (np.broadcast_to(found.reshape(-1), math.prod(sides)).reshape(sides) for found in numbers.values())
    return Operation("scale", shape, plain(lambda values: _standardised(values, mean, variance)))


def _standardised(values: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    return np.asarray((values - mean) / np.maximum(np.sqrt(variance), np.float32(1e-7)))


def _bias(given: Given, size: int) -> dict[str, Shape]:
    """The shape of the bias by its name; empty where the layer has none."""
    return {"bias": (size,)} if given.settings.flag("use_bias", True) else {}


def _with_bias(sums: Callable[[np.ndarray, Weights], np.ndarray]) -> Compute:
    """The computation `sums`, and then a bias if the layer has one."""

    def compute(inputs: Sequence[np.ndarray], weights: Weights) -> np.ndarray:
        found = sums(inputs[0], weights)
        return found + weights["bias"] if "bias" in weights else found

    return compute


def _window(given: Given, size: str) -> Window:
    settings = given.settings
    return Window(
        settings.pair(size, 64),
        settings.pair("strides", 64, 1),
        settings.choice("padding", ("valid", "same"), "valid") == "same",
        settings.pair("dilation_rate", 64, 1),
    )


def _fitting(given: Given, shape: tuple[int, int, int]) -> tuple[int, int, int]:
    if min(shape) < 1:
        raise given.wrong_shape("an image as large as its window")
    return shape


def _learned(given: Given) -> tuple[str, ...]:
    """The learned weights of a norm. Raises `RunError` unless it is along the last axis."""
    axis, last = given.settings.raw("axis", -1), len(given.shape)
    if axis not in (-1, last, [-1], [last]):
        raise given.settings.refused("axis")
    wanted = (("gamma", "scale"), ("beta", "center"))
    return tuple(name for name, setting in wanted if given.settings.flag(setting, True))


def _or_ones(weights: Weights, name: str) -> np.ndarray:
    return weights.get(name, np.ones(1, np.float32))


def _or_zeros(weights: Weights) -> np.ndarray:
    return weights.get("beta", np.zeros(1, np.float32))
