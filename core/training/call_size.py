"""How many batches one call of the engine trains."""

import math

import keras

from core.devices.computing import on_gpu

CALL_SECONDS = 0.05  # one call of the engine, and so the distance of points in the live chart


def choose_batches_per_call(model: keras.Sequential, batch_size: int, batches: int) -> int:
    """How many batches one call trains: those of about 50 ms.

    On a GPU the number divides the epoch if possible: a loop of fixed length needs a third less time for each step of a
    small network there.
    """
    about = max(1, round(CALL_SECONDS / estimate_step_seconds(model, batch_size)))
    if on_gpu():
        near = (count for count in range(about // 2 + 1, 2 * about) if batches % count == 0)
        return min(near, key=lambda count: abs(count - about), default=about)
    return about


def estimate_step_seconds(model: keras.Sequential, batch_size: int) -> float:
    """An estimate of the time of one step. A factor of two only makes the live chart finer or coarser.

    It uses shapes and no measurement, because the number of batches in a call may change the last bits of a run.
    """
    dense = convolved = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            dense += math.prod(layer.kernel.shape)
        elif isinstance(layer, keras.layers.Conv2D):
            convolved += math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:3])
    # Operations per second in float32: measured on two cores with AVX-512; a GPU needs far larger calls.
    speed, slower, overhead = (1e13, 5e12, 60e-6) if on_gpu() else (3e11, 1.5e11, 50e-6)
    return overhead + 6 * batch_size * (dense / speed + convolved / slower)
