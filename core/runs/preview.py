"""The small file that shows a network at work while it trains: its predictions for 25 images, and its first weights."""

from dataclasses import dataclass

import numpy as np

from core.digits import NUM_CLASSES
from core.errors import RunError
from core.runs.checkpoints import read_arrays
from core.runs.run import Run

MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, eq=False)
class Preview:
    """What a run saved last. predicted: whole numbers (n,) from 0 to 9. weights: the first kernel, float (…, units)."""

    predicted: np.ndarray
    weights: np.ndarray


def read_preview(run: Run) -> Preview:
    """Raises `RunError` if the file is missing, is being written at this moment, or holds something else."""
    arrays = read_arrays(run.preview_path, MAX_BYTES)
    predicted, weights = arrays.get("predicted"), arrays.get("weights")
    if predicted is None or weights is None or not _are_digits(predicted) or not _is_kernel(weights):
        raise RunError("The preview of this run is damaged. It is written again while the run trains.", run.id)
    return Preview(predicted, weights)


def _are_digits(values: np.ndarray) -> bool:
    return values.ndim == 1 and values.dtype.kind in "iu" and bool(((values >= 0) & (values < NUM_CLASSES)).all())


def _is_kernel(values: np.ndarray) -> bool:
    return values.ndim >= 2 and values.dtype.kind == "f" and values.size > 0
