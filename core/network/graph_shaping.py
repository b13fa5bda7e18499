"""Keras' layers without weights as operations in NumPy: shapes, pooling, activations, scaling and merging."""

import math
from collections.abc import Sequence
from functools import reduce

import numpy as np

from core.network import graph_sums
from core.network.graph_activations import FUNCTIONS, SOFTMAX, elu, leaky_relu
from core.network.graph_operation import Given, Operation, Weights, layers, plain, unchanged
from core.network.graph_sums import Window


@layers(
    "Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "AlphaDropout", "ActivityRegularization",
    "RandomRotation", "RandomTranslation", "RandomZoom", "RandomFlip", "RandomContrast", "RandomBrightness",
)  # fmt: skip
def _only_in_training(given: Given) -> Operation:
    """These act while a network trains, and do nothing afterwards: the rebuilt network has an idle Dropout instead."""
    given.settings.used["rate"] = 0.0
    return Operation("dropout", given.shape, unchanged)


@layers("Flatten")
def _flatten(given: Given) -> Operation:
    given.settings.must_be("data_format", "channels_last")
    return Operation("flatten", (math.prod(given.shape),), plain(lambda values: values.reshape(len(values), -1)))


@layers("Reshape")
def _reshape(given: Given) -> Operation:
    wanted, size = given.settings.raw("target_shape"), math.prod(given.shape)
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= 4 or not all(type(side) is int for side in wanted):
        raise given.settings.refused("target_shape")
    known = math.prod(side for side in wanted if side != -1)
    shape = tuple(size // known if side == -1 and known > 0 else side for side in wanted)
    if min(shape) < 1 or math.prod(shape) != size:
        raise given.wrong_shape(f"as many values as {' × '.join(map(str, wanted))}")
    given.settings.used["target_shape"] = list(shape)
    return Operation("flatten", shape, plain(lambda values: values.reshape(len(values), *shape)))


@layers("ZeroPadding2D")
def _padding(given: Given) -> Operation:
    high, wide, channels = given.image
    borders = given.settings.raw("padding")
    try:
        (top, bottom), (left, right) = borders
        fits = all(type(side) is int and 0 <= side <= 64 for side in (top, bottom, left, right))
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise given.settings.refused("padding")
    given.settings.used["padding"] = [[top, bottom], [left, right]]
    padded = ((0, 0), (top, bottom), (left, right), (0, 0))
    return Operation(
        "padding",
        (high + top + bottom, wide + left + right, channels),
        plain(lambda values: np.pad(values, padded)),
    )


@layers("MaxPooling2D", "AveragePooling2D")
def _pooling(given: Given) -> Operation:
    settings, (high, wide, channels) = given.settings, given.image
    size = settings.pair("pool_size", 64, 2)
    same = settings.choice("padding", ("valid", "same"), "valid") == "same"
    window = Window(size, settings.pair("strides", 64, list(size)), same)
    shape = graph_sums.image_shape((high, wide), window, channels)
    if min(shape) < 1:
        raise given.wrong_shape("an image as large as its window")
    pool = graph_sums.max_pool if given.layer.kind == "MaxPooling2D" else graph_sums.average_pool
    return Operation("pool", shape, plain(lambda values: pool(values, window)), work=math.prod(shape) * math.prod(size))


@layers("GlobalAveragePooling2D", "GlobalMaxPooling2D")
def _global_pooling(given: Given) -> Operation:
    channels, keep = given.image[2], given.settings.flag("keepdims", False)
    pool = np.mean if given.layer.kind == "GlobalAveragePooling2D" else np.max
    return Operation(
        "pool",
        (1, 1, channels) if keep else (channels,),
        plain(lambda values: pool(values, axis=(1, 2), keepdims=keep)),
    )


@layers("Activation")
def _activation(given: Given) -> Operation:
    name, function = given.activation()
    return Operation("activation", given.shape, unchanged, {}, name, function)


@layers("Softmax")
def _softmax(given: Given) -> Operation:
    given.settings.must_be("axis", -1, len(given.shape), [-1])
    return Operation("activation", given.shape, unchanged, {}, SOFTMAX, FUNCTIONS[SOFTMAX])


@layers("ReLU")
def _relu(given: Given) -> Operation:
    settings = given.settings
    slope, start = settings.number("negative_slope", 0.0), settings.number("threshold", 0.0)
    most = math.inf if settings.raw("max_value") is None else settings.number("max_value")

    def function(values: np.ndarray) -> np.ndarray:
        above = np.minimum(values, np.float32(most))
        return np.where(values >= start, above, np.float32(slope) * (values - np.float32(start)))

    is_relu = (slope, start, most) == (0.0, 0.0, math.inf)
    return Operation("activation", given.shape, unchanged, {}, "relu" if is_relu else "changed relu", function)


@layers("LeakyReLU")
def _leaky_relu(given: Given) -> Operation:
    older = given.settings.raw("alpha", 0.3)  # the name that Keras 2 gave it
    slope = given.settings.number("negative_slope", older)
    return Operation("activation", given.shape, unchanged, {}, "leaky_relu", lambda values: leaky_relu(values, slope))


@layers("ELU")
def _elu(given: Given) -> Operation:
    alpha = given.settings.number("alpha", 1.0)
    return Operation("activation", given.shape, unchanged, {}, "elu", lambda values: elu(values, alpha))


@layers("Rescaling")
def _rescaling(given: Given) -> Operation:
    scale, offset = given.settings.number("scale"), given.settings.number("offset", 0.0)
    return Operation("scale", given.shape, plain(lambda values: values * np.float32(scale) + np.float32(offset)))


_MERGING = {
    "Add": np.add,
    "Subtract": np.subtract,
    "Multiply": np.multiply,
    "Average": np.add,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
}


@layers(*_MERGING)
def _merge(given: Given) -> Operation:
    kind, number = given.layer.kind, len(given.shapes)
    if number < 2 or (kind == "Subtract" and number != 2) or len({len(shape) for shape in given.shapes}) > 1:
        raise given.wrong_shape("several inputs of one shape")
    try:
        shape = np.broadcast_shapes(*given.shapes)
    except ValueError:
        raise given.wrong_shape("several inputs of one shape") from None

    def compute(inputs: Sequence[np.ndarray], weights: Weights) -> np.ndarray:
        found = reduce(_MERGING[kind], inputs)
        return np.asarray(found / np.float32(number) if kind == "Average" else found)

    return Operation("merge", shape, compute)


@layers("Concatenate")
def _concatenate(given: Given) -> Operation:
    axis, rank = given.settings.whole("axis", -4, 4, -1), len(given.shapes[0])
    place = axis - 1 if axis > 0 else axis + rank
    rests = {shape[:place] + shape[place + 1 :] for shape in given.shapes}
    if len(given.shapes) < 2 or not 0 <= place < rank or len(rests) > 1 or {len(one) for one in rests} != {rank - 1}:
        raise given.wrong_shape("inputs that differ only along the axis of the concatenation")
    shape = list(given.shapes[0])
    shape[place] = sum(one[place] for one in given.shapes)
    return Operation("merge", tuple(shape), lambda inputs, weights: np.concatenate(inputs, axis=place + 1))
