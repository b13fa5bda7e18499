"""The random weights with which a run starts, in NumPy: the numbers that Keras draws from the run's seed.

Keras on TensorFlow draws them with the Philox generator. J. Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3,
2011. Keras on JAX uses another generator, so there the numbers are only of the same kind.
"""

import math
import os

import numpy as np

from core.config.run_config import RunConfig
from core.network.architecture import layer_table, weight_shapes
from core.network.forward import MODEL

_ROUNDS = 10
_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_KEY_STEPS = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)
_SCRAMBLE_KEY = 0x3EC8F720, 0x02461E29  # TensorFlow's constants for stateless random numbers
_LOW_32 = np.uint64(0xFFFFFFFF)
_MANTISSA, _ONE = np.uint32(0x7FFFFF), np.uint32(0x3F800000)


def initial_weights(config: RunConfig) -> dict[str, np.ndarray]:
    """The weights of the untrained network by Keras' path: float32."""
    weights: dict[str, np.ndarray] = {}
    shapes = weight_shapes(config)
    for position, row in enumerate(layer_table(config)):
        for name, shape in shapes.get(row.name, {}).items():
            path = f"{MODEL}/{row.name}/{name}"
            if name == "kernel":
                weights[path] = _glorot(shape, layer_seed(config.seed, position))
            else:
                weights[path] = np.full(shape, 1.0 if name in ("gamma", "moving_variance") else 0.0, np.float32)
    return weights


def starts_as_same_network(first: RunConfig, second: RunConfig) -> bool:
    """Whether both configs begin with the same network: their other knobs change how it learns."""
    one, other = ((config.layers, config.activation, config.seed) for config in (first, second))
    return one == other


def is_exact() -> bool:
    """Whether these are the very numbers of a run that starts now."""
    return os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow"


def layer_seed(seed: int, position: int) -> int:
    """A seed of its own for each layer, so that one more layer leaves the weights of those below as they were."""
    return int(np.random.SeedSequence([seed, position]).generate_state(1)[0])


def uniform(count: int, seed: int, low: float, high: float) -> np.ndarray:
    """`count` numbers as `keras.random.uniform` draws them on TensorFlow from an int seed: float32 (count,)."""
    key, counter = _scrambled(seed % (2**31 - 2))
    groups = -(-count // 4)
    counters = np.empty((4, groups), np.uint32)
    counters[0] = np.arange(groups, dtype=np.uint32)  # fewer than 2**32 groups: the second word stays 0
    counters[1] = 0
    counters[2:] = counter[:, None]
    bits = _philox(counters, key).T.reshape(-1)[:count]
    shares = ((bits & _MANTISSA) | _ONE).view(np.float32) - np.float32(1)
    low32, high32 = np.float32(low), np.float32(high)
    return np.asarray(shares * (high32 - low32) + low32)


def _glorot(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Uniform in ± sqrt(6 / (inputs + outputs)). X. Glorot and Y. Bengio, 2010."""
    window = math.prod(shape[:-2])
    limit = math.sqrt(3.0 / ((shape[-2] * window + shape[-1] * window) / 2.0))
    return uniform(math.prod(shape), seed, -limit, limit).reshape(shape)


def _scrambled(seed: int) -> tuple[np.ndarray, np.ndarray]:
    start = np.array([[seed], [0], [0], [0]], np.uint32)
    mixed = _philox(start, np.array(_SCRAMBLE_KEY, np.uint32))[:, 0]
    return mixed[:2], mixed[2:]


def _philox(counters: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Philox 4x32 with ten rounds: uint32 (4, n) → uint32 (4, n)."""
    first, second, third, fourth = counters.astype(np.uint64)
    keys = [int(each) for each in key]
    for _ in range(_ROUNDS):
        a, b = first * _MULTIPLIERS[0], third * _MULTIPLIERS[1]
        first, second = (b >> np.uint64(32)) ^ second ^ np.uint64(keys[0]), b & _LOW_32
        third, fourth = (a >> np.uint64(32)) ^ fourth ^ np.uint64(keys[1]), a & _LOW_32
        keys = [(each + int(step)) % 2**32 for each, step in zip(keys, _KEY_STEPS, strict=True)]
    return np.stack([first, second, third, fourth]).astype(np.uint32)
