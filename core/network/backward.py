"""The backward pass in NumPy: the gradient of a logit with respect to the ink of each pixel."""

from collections.abc import Mapping

import numpy as np
from scipy.special import erf

from core.config.run_config import RunConfig
from core.digits import SIDE
from core.network.architecture import LayerRow, layer_table
from core.network.forward import MODEL, SQUARE_ROOT_OF_TWO, convolve, forward_rows, norm_scale, pre_activation

_SQUARE_ROOT_OF_TWO_PI = (2 * np.pi) ** 0.5


def input_gradient(config: RunConfig, weights: Mapping[str, np.ndarray], image: np.ndarray, digit: int) -> np.ndarray:
    """∂ logit of `digit` / ∂ ink, at `image` (uint8 (28, 28)), ink from 0 to 1: float32 (28, 28).

    weights: by Keras' path, as in the file of an epoch. The chain rule, row by row from the softmax to the image.
    """
    rows = layer_table(config)[:-1]
    outputs = [values for _, values in forward_rows(rows, weights, image[None])]
    gradient = weights[f"{MODEL}/probabilities/kernel"][:, digit][None]
    for position in range(len(rows) - 1, 0, -1):  # the first row turns bytes into ink
        gradient = _backpropagate(rows[position], weights, outputs[position - 1], outputs[position], gradient)
    return np.asarray(gradient, np.float32).reshape(SIDE, SIDE)


def _backpropagate(
    row: LayerRow, weights: Mapping[str, np.ndarray], below: np.ndarray, above: np.ndarray, gradient: np.ndarray
) -> np.ndarray:
    """The gradient with respect to a row's input, from the gradient with respect to its output."""
    match row.kind:
        case "channel" | "flatten":
            return gradient.reshape(below.shape)
        case "pool":
            return _unpool_gradient(row, below, above, gradient)
        case "norm":
            return gradient * norm_scale(row, weights)
    if row.activation:
        gradient = gradient * _activation_derivative(row.activation, pre_activation(row, weights, below))
    if row.kind == "dense":
        return gradient @ weights[f"{MODEL}/{row.name}/kernel"].T
    if row.kind == "conv":
        kernel = weights[f"{MODEL}/{row.name}/kernel"]
        rim = kernel.shape[0] - 1
        turned = kernel[::-1, ::-1].transpose(0, 1, 3, 2)  # (k, k, filters, c)
        return convolve(np.pad(gradient, ((0, 0), (rim, rim), (rim, rim), (0, 0))), turned)
    return gradient


def _unpool_gradient(row: LayerRow, below: np.ndarray, above: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Each window's gradient goes to its largest value, the first of equal ones."""
    assert row.layer is not None
    height, width, _ = row.output_shape
    side = row.layer.size
    unpooled, is_taken = np.zeros_like(below), np.zeros(above.shape, bool)
    for i in range(side):
        for j in range(side):
            place = np.s_[:, i : height * side : side, j : width * side : side]
            here = (below[place] == above) & ~is_taken
            unpooled[place] = np.where(here, gradient, 0)
            is_taken |= here
    return unpooled


def _activation_derivative(activation: str, sums: np.ndarray) -> np.ndarray:
    """The derivative of an activation function at its input."""
    match activation:
        case "relu":
            return (sums > 0).astype(np.float32)
        case "elu":
            return np.exp(np.minimum(sums, 0))
        case "gelu":
            below = 0.5 * (1 + erf(sums / SQUARE_ROOT_OF_TWO))
            return np.asarray(below + sums * np.exp(-sums * sums / 2) / _SQUARE_ROOT_OF_TWO_PI)
        case "tanh":
            return 1 - np.tanh(sums) ** 2
        case "sigmoid":
            share = 1 / (1 + np.exp(-np.clip(sums, -60, 60)))
            return share * (1 - share)
        case _:
            return np.ones_like(sums)
