"""The forward pass in NumPy, for the page's own process, which never imports Keras.

It follows the layer table of `architecture`, as `training.models` does, with the weights of an epoch.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce

import numpy as np
from scipy.special import erf

from core.config.run_config import RunConfig
from core.lesson.arithmetic import softmax
from core.network.architecture import LayerRow, layer_table, weight_shapes

MODEL = "digit_lab"  # the name of every Keras model here, and so the beginning of its weights' paths
NORM_EPSILON = 0.001  # Keras' BatchNormalization
SQUARE_ROOT_OF_TWO = 1.4142135


def weight_paths(config: RunConfig) -> list[str]:
    """Keras' path of each weight (`digit_lab/dense1/kernel`), in the order of `Model.get_weights()`."""
    return [f"{MODEL}/{layer}/{name}" for layer, names in weight_shapes(config).items() for name in names]


def activations(
    config: RunConfig, weights: Mapping[str, np.ndarray], images: np.ndarray
) -> list[tuple[LayerRow, np.ndarray]]:
    """The output of each row of the layer table: float32 (n, *output_shape); the last are probabilities.

    images: uint8 (n, 28, 28). weights: by Keras' path, as in the file of an epoch.
    """
    return list(forward_rows(layer_table(config), weights, images))


def forward_rows(
    rows: Sequence[LayerRow], weights: Mapping[str, np.ndarray], images: np.ndarray
) -> Iterator[tuple[LayerRow, np.ndarray]]:
    """Each of `rows` with its output for the images: float32 (n, *output_shape)."""
    values = images.astype(np.float32)
    for row in rows:
        values = apply_activation(row.activation, pre_activation(row, weights, values))
        yield row, values


def norm_scale(row: LayerRow, weights: Mapping[str, np.ndarray]) -> np.ndarray:
    """The factor of a norm for each channel: float32 (channels,)."""
    deviation = np.sqrt(weights[f"{MODEL}/{row.name}/moving_variance"] + NORM_EPSILON)
    return np.asarray(weights[f"{MODEL}/{row.name}/gamma"] / deviation)


def pre_activation(row: LayerRow, weights: Mapping[str, np.ndarray], values: np.ndarray) -> np.ndarray:
    """The output of a row before its activation function: float32 (n, *output_shape)."""
    path = f"{MODEL}/{row.name}"
    match row.kind:
        case "scale":
            return values / 255
        case "channel" | "flatten":
            return values.reshape(len(values), *row.output_shape)
        case "dense":
            sums = values @ weights[f"{path}/kernel"]
        case "conv":
            sums = convolve(values, weights[f"{path}/kernel"])
        case "pool":
            return _max_pool(values, row)
        case "norm":
            scale = norm_scale(row, weights)
            normed = values * scale
            normed += weights[f"{path}/beta"] - weights[f"{path}/moving_mean"] * scale
            return normed
        case _:  # a separate activation; dropout does nothing outside training
            return values
    if row.bias:
        sums += weights[f"{path}/bias"]
    return sums


def convolve(values: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Convolution of (n, h, w, c) with (k, k, c, filters), no padding: (n, h − k + 1, w − k + 1, filters)."""
    side = kernel.shape[0]
    windows = np.lib.stride_tricks.sliding_window_view(values, (side, side), axis=(1, 2))  # (n, h', w', c, k, k)
    return np.tensordot(windows, kernel, axes=((4, 5, 3), (0, 1, 2)))


def _max_pool(values: np.ndarray, row: LayerRow) -> np.ndarray:
    assert row.layer is not None
    height, width, _ = row.output_shape
    side = row.layer.size
    # One picture for each place in the window: the maximum of two pictures is several times as fast in NumPy as the
    # maximum along two axes.
    places = [values[:, i : height * side : side, j : width * side : side] for i in range(side) for j in range(side)]
    return reduce(np.maximum, places)


def apply_activation(activation: str, values: np.ndarray) -> np.ndarray:
    """An activation function by its name in the knobs; `softmax` is over the last axis, `linear` changes nothing."""
    match activation:
        case "relu":
            return np.maximum(values, 0)
        case "elu":
            return np.where(values > 0, values, np.expm1(np.minimum(values, 0)))
        case "gelu":
            return 0.5 * values * (1 + erf(values / SQUARE_ROOT_OF_TWO))
        case "tanh":
            return np.tanh(values)
        case "sigmoid":
            return 1 / (1 + np.exp(-np.clip(values, -60, 60)))
        case "softmax":
            return softmax(values)
        case _:
            return values
