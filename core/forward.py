"""A trained network's answer in plain NumPy: small enough for the page's own process, which never imports Keras.

It reads the layer table of `architecture` from the image upwards, as `models` does, and the weights an epoch left.
"""

from collections.abc import Mapping

import numpy as np
from scipy.special import erf

from core.architecture import LayerRow, shapes
from core.config import RunConfig

MODEL = "digit_lab"  # what `models` calls every network, and so the beginning of its weights' paths
NORM_EPSILON = 0.001  # Keras' BatchNormalization
_SQUARE_ROOT_OF_TWO = 1.4142135


def activations(
    config: RunConfig, weights: Mapping[str, np.ndarray], images: np.ndarray
) -> list[tuple[LayerRow, np.ndarray]]:
    """What each row of the layer table makes of the images: float32 (n, *output_shape); the last are probabilities.

    images: uint8 (n, 28, 28). weights: by Keras' path, as an epoch's file holds them.
    """
    values = images.astype(np.float32)
    seen = []
    for row in shapes(config):
        values = _row(row, weights, values)
        seen.append((row, values))
    return seen


def probabilities(config: RunConfig, weights: Mapping[str, np.ndarray], images: np.ndarray) -> np.ndarray:
    """How likely each digit is: float32 (n, 10), rows sum to 1."""
    return activations(config, weights, images)[-1][1]


def silent_units(seen: list[tuple[LayerRow, np.ndarray]]) -> dict[str, float]:
    """The share of units of each relu layer that answer 0 to every image: layer name → share in [0, 1]."""
    return {
        row.name: float((values.reshape(-1, values.shape[-1]).max(axis=0) <= 0).mean())
        for row, values in seen
        if row.activation == "relu"
    }


def _row(row: LayerRow, weights: Mapping[str, np.ndarray], values: np.ndarray) -> np.ndarray:
    match row.kind:
        case "scale":
            return values / 255
        case "channel" | "flatten":
            return values.reshape(len(values), *row.output_shape)
        case "dense":
            values = values @ weights[f"{MODEL}/{row.name}/kernel"]
        case "conv":
            values = _convolved(values, weights[f"{MODEL}/{row.name}/kernel"])
        case "pool":
            return _pooled(values, row)
        case "norm":
            spread = np.sqrt(weights[f"{MODEL}/{row.name}/moving_variance"] + NORM_EPSILON)
            scaled = (values - weights[f"{MODEL}/{row.name}/moving_mean"]) / spread
            return scaled * weights[f"{MODEL}/{row.name}/gamma"] + weights[f"{MODEL}/{row.name}/beta"]
    if row.kind in ("dense", "conv") and row.bias:
        values = values + weights[f"{MODEL}/{row.name}/bias"]
    return _activated(row.activation, values)


def _convolved(values: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """(n, h, w, c) through windows of (k, k, c, filters), no padding."""
    side = kernel.shape[0]
    windows = np.lib.stride_tricks.sliding_window_view(values, (side, side), axis=(1, 2))  # (n, h', w', c, k, k)
    return np.tensordot(windows, kernel, axes=((4, 5, 3), (0, 1, 2)))


def _pooled(values: np.ndarray, row: LayerRow) -> np.ndarray:
    assert row.layer is not None
    height, width, channels = row.output_shape
    side = row.layer.size
    whole = values[:, : height * side, : width * side]
    return whole.reshape(len(values), height, side, width, side, channels).max(axis=(2, 4))


def _activated(activation: str, values: np.ndarray) -> np.ndarray:
    match activation:
        case "relu":
            return np.maximum(values, 0)
        case "elu":
            return np.where(values > 0, values, np.expm1(np.minimum(values, 0)))
        case "gelu":
            return 0.5 * values * (1 + erf(values / _SQUARE_ROOT_OF_TWO))
        case "tanh":
            return np.tanh(values)
        case "sigmoid":
            return 1 / (1 + np.exp(-np.clip(values, -60, 60)))
        case "softmax":
            risen = np.exp(values - values.max(axis=-1, keepdims=True))
            return risen / risen.sum(axis=-1, keepdims=True)
        case _:
            return values
