"""Keras' activation functions in NumPy, by Keras' names."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import erf, expit

from core.errors import RunError
from core.lesson.arithmetic import softmax
from core.network.forward import SQUARE_ROOT_OF_TWO, apply_activation
from core.network.keras_layers import refused

Function = Callable[[np.ndarray], np.ndarray]
SOFTMAX, LINEAR = "softmax", "linear"
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def _softplus(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.logaddexp(values, np.float32(0)))


def _log_softmax(values: np.ndarray) -> np.ndarray:
    shifted = values - values.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def leaky_relu(values: np.ndarray, slope: float) -> np.ndarray:
    """Below 0 the value times `slope`."""
    return np.where(values > 0, values, values * np.float32(slope))


def elu(values: np.ndarray, alpha: float) -> np.ndarray:
    """Below 0 `alpha` · (exp(value) − 1)."""
    return np.where(values > 0, values, np.float32(alpha) * np.expm1(np.minimum(values, 0)))


FUNCTIONS: dict[str, Function] = {
    LINEAR: lambda values: values,
    "relu": lambda values: np.maximum(values, 0),
    "relu6": lambda values: np.clip(values, 0, 6),
    "leaky_relu": lambda values: leaky_relu(values, 0.2),
    "elu": lambda values: elu(values, 1.0),
    "selu": lambda values: np.float32(_SELU_SCALE) * elu(values, _SELU_ALPHA),
    "celu": lambda values: elu(values, 1.0),
    "gelu": lambda values: (0.5 * values * (1 + erf(values / SQUARE_ROOT_OF_TWO))).astype(np.float32),
    "silu": lambda values: values * expit(values),
    "swish": lambda values: values * expit(values),
    "tanh": np.tanh,
    "sigmoid": lambda values: apply_activation("sigmoid", values),
    "hard_sigmoid": lambda values: np.clip(values / 6 + np.float32(0.5), 0, 1),
    "softplus": _softplus,
    "softsign": lambda values: values / (1 + np.abs(values)),
    "exponential": np.exp,
    "mish": lambda values: values * np.tanh(_softplus(values)),
    SOFTMAX: softmax,
    "log_softmax": _log_softmax,
}


def activation_name(described: Any) -> str:
    """The name of an activation in a layer's description. Raises `RunError` for one that is not Keras' own."""
    if isinstance(described, dict) and described.get("module") in (None, "builtins"):
        described = described.get("config")  # Keras describes a function so: {"class_name": "function", "config": …}
    name = LINEAR if described is None else described
    if not isinstance(name, str) or name not in FUNCTIONS:
        raise not_known(name if isinstance(name, str) else "one of its own")
    return name


def not_known(name: str) -> RunError:
    """The error for an activation that is not in the table."""
    return refused(f"its activation {name[:30]} is not known here. Known are {', '.join(FUNCTIONS)}")
