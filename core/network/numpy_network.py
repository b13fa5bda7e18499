"""A trained network in NumPy, for predictions in the page's own process without any wait.

Keras would need seconds to import and 400 MB, for the same probabilities (to float tolerance) at the same speed.
"""

import os
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Lock
from typing import Self

import numpy as np
from threadpoolctl import ThreadpoolController

from core.config.run_config import RunConfig
from core.errors import NetworkError, RunError
from core.files import open_regular
from core.network.architecture import WEIGHT_NAMES, LayerRow, layer_table
from core.network.backward import input_gradient
from core.network.forward import MODEL, activations, apply_activation, forward_rows
from core.network.keras_file import max_weights_bytes, own_weights
from core.runs.checkpoints import read_arrays
from core.runs.run import Run

BATCH = 64  # images: the outputs of a convolution still fit into the processor's cache
_all_cores = Lock()  # held by one large prediction; another one uses what is left


class Reader:
    """One trained network. Images are uint8 (n, 28, 28), 0 = paper."""

    def __init__(self, config: RunConfig, weights: Mapping[str, np.ndarray]) -> None:
        """weights: float32, by Keras' path (`digit_lab/dense1/kernel`)."""
        self.config, self.weights, self.rows = config, weights, layer_table(config)

    def with_weights(self, weights: Mapping[str, np.ndarray]) -> Self:
        """The same layers with other weights."""
        return type(self)(self.config, weights)

    @classmethod
    def of(cls, run: Run, epoch: int | None = None) -> Self:
        """The final network of a run, or that of one of its kept epochs.

        Raises `RunError` if the file is missing, truncated or of another network.
        """
        if epoch is None:
            weights = _read_weights(run)
        else:
            weights = read_arrays(run.epoch_path(epoch), max_weights_bytes(run.config))
        reader = cls(run.config, weights)
        reader._check(run, epoch)
        return reader

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """The probability of each digit: float32 (n, 10), rows sum to 1."""
        return apply_activation("softmax", self.logits(images))

    def logits(self, images: np.ndarray) -> np.ndarray:
        """The outputs before the softmax: float32 (n, 10)."""
        top = f"{MODEL}/{self.rows[-1].name}"
        return np.asarray(self.features(images) @ self.weights[f"{top}/kernel"] + self.weights[f"{top}/bias"])

    def features(self, images: np.ndarray) -> np.ndarray:
        """The output of the last hidden layer: float32 (n, units); the pixels if there is none."""
        return in_batches(self._features, images)

    def layers(self, images: np.ndarray) -> list[tuple[LayerRow, np.ndarray]]:
        """The output of each row for a few images: float32 (n, *output_shape), probabilities last."""
        return activations(self.config, self.weights, images)

    def gradient(self, image: np.ndarray, digit: int) -> np.ndarray:
        """∂ logit of `digit` / ∂ ink, at `image` (uint8 (28, 28)), ink from 0 to 1: float32 (28, 28)."""
        return input_gradient(self.config, self.weights, image, digit)

    def _features(self, images: np.ndarray) -> np.ndarray:
        ((_, values),) = deque(forward_rows(self.rows[:-1], self.weights, images), maxlen=1)
        return values

    def _check(self, run: Run, epoch: int | None) -> None:
        """Raises `RunError` unless there is a weight for every parameter of the layer table."""
        for row in self.rows:
            paths = {f"{MODEL}/{row.name}/{name}" for name in WEIGHT_NAMES.get(row.kind, ())} & set(self.weights)
            if (size := sum(self.weights[path].size for path in paths)) != row.parameters:
                place = run.model_path.name if epoch is None else run.epoch_path(epoch).name
                raise RunError(
                    f"{place} of the run {run.id} must hold the {row.parameters:,} parameters of {row.name}, but "
                    "it belongs to another network. Choose another epoch or run, or train again.",
                    received=size,
                )


def in_batches(compute: Callable[[np.ndarray], np.ndarray], images: np.ndarray, batch: int = BATCH) -> np.ndarray:
    """`compute` for at most `batch` images at a time, on all cores, as one array."""
    parts = [images[start : start + batch] for start in range(0, len(images), batch)] or [images]
    if len(parts) == 1 or not _all_cores.acquire(blocking=False):
        return np.concatenate([compute(part) for part in parts])
    try:
        # Batches in parallel, each on one core: NumPy alone would divide only the matrix products among the cores.
        with _libraries().limit(limits=1), ThreadPoolExecutor(os.cpu_count()) as pool:
            return np.concatenate(list(pool.map(compute, parts)))
    finally:
        _all_cores.release()


@cache
def _libraries() -> ThreadpoolController:
    """The libraries that multiply matrices for NumPy."""
    return ThreadpoolController()


def _read_weights(run: Run) -> dict[str, np.ndarray]:
    """The weights in a run's `.keras` file."""
    path = run.model_path
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            return own_weights(file, run.config)
    except NetworkError:
        raise
    except Exception as error:  # zipfile, h5py and the system raise different errors
        found = f"{path.stat().st_size:,} bytes that cannot be read" if path.is_file() else "no file"
        raise RunError(
            f"{path.name} of the run {path.parent.name} is damaged or deleted. Train the run again, or choose another.",
            received=found,
        ) from error
