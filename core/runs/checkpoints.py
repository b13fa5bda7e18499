"""The files in which a run keeps its weights: one for each epoch, and those from which a resume continues."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import RunError
from core.files import Arrays, write_arrays
from core.runs.events import MAX_COUNT, MAX_EPOCH
from core.runs.file_names import MAX_WEIGHTS_BYTES
from core.untrusted import load_arrays, whole

_MAX_FACTS_BYTES = 2**20  # of the numbers in a saved state


def read_arrays(path: Path, max_bytes: int = MAX_WEIGHTS_BYTES) -> dict[str, np.ndarray]:
    """Reads a file that `write_arrays` saved. Raises `RunError` if it is missing, damaged or above `max_bytes`."""
    try:
        return load_arrays(path, max_bytes)
    except Exception as error:  # zipfile, NumPy and the system raise different errors
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> RunError:
    return RunError(
        f"The file {path.name} of the run {path.parent.name} is missing or damaged. "
        "Choose another epoch, or start a new run.",
        received=str(error),
    )


@dataclass
class TrainingState:
    """Everything that a run needs to continue exactly as if it had never stopped.

    It was taken after `epoch` completed epochs and `batch` batches of the next one. `weights` are the model's, by
    Keras' path. `state` holds the variables of the optimiser, of dropout and of the callbacks. `history` has one value
    for each epoch: loss, accuracy, val_loss, val_accuracy, learning_rate, seconds.
    """

    epoch: int
    weights: dict[str, np.ndarray]
    state: dict[str, np.ndarray]
    history: dict[str, list[float]] = field(default_factory=dict)
    batch: int = 0
    batches: int = 0  # in an epoch; 0 in files of earlier versions
    sums: tuple[float, int, int] = (0.0, 0, 0)  # of those batches: loss, correct images, images
    seconds: float = 0.0  # of training so far
    stopped: bool = False  # saved when the run was stopped, and not at the end of an epoch


def write_state(path: Path, saved: TrainingState) -> None:
    """Saves a state in one file, so that its parts always belong together. Raises `RunError` if the disk is full."""
    names = ("epoch", "history", "batch", "batches", "sums", "seconds", "stopped")
    facts = json.dumps({name: getattr(saved, name) for name in names})
    arrays = {f"weights:{name}": array for name, array in saved.weights.items()}
    arrays |= {f"state:{name}": array for name, array in saved.state.items()}
    write_arrays(path, {**arrays, "told": np.frombuffer(facts.encode(), np.uint8)})


def read_state(path: Path) -> TrainingState:
    """Reads a state that `write_state` saved. Raises `RunError` if the file is missing or damaged."""
    arrays = read_arrays(path)
    try:
        facts = _facts(arrays)
    except (LookupError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise _damaged(path, error) from error
    return TrainingState(weights=_part(arrays, "weights:"), state=_part(arrays, "state:"), **facts)


def read_progress(path: Path) -> tuple[int, int, int] | None:
    """Completed epochs of a saved state, batches of the next one, and batches in an epoch; None if there is no state.

    It reads a few hundred bytes: the weights stay on the disk.
    """
    try:
        facts = _facts(load_arrays(path, MAX_WEIGHTS_BYTES, only=("told",)))
        return facts["epoch"], facts["batch"], facts["batches"]
    except Exception:  # no file, or a damaged one: zipfile, NumPy and the system raise different errors
        return None


def surplus_epochs(epochs: list[int], bound: int) -> list[int]:
    """The epochs to delete so that about `bound` remain, evenly spread, with the first and the last.

    >>> surplus_epochs([1, 2, 3, 4, 5, 6, 7], 4)
    [2, 4, 6]
    """
    stride, remaining = 1, epochs
    while len(remaining) > max(bound, 2):
        stride *= 2
        remaining = [epoch for epoch in epochs if (epoch - 1) % stride == 0 or epoch == epochs[-1]]
    return [epoch for epoch in epochs if epoch not in remaining]


def _part(arrays: Arrays, prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _facts(arrays: Arrays) -> dict[str, Any]:
    """The numbers of a saved state, checked: the file may come from anywhere."""
    if arrays["told"].size > _MAX_FACTS_BYTES:
        raise ValueError("its facts are too long")
    given = json.loads(bytes(arrays["told"]))
    history = {str(name)[:40]: [float(value) for value in values] for name, values in given["history"].items()}
    seconds = given.get("seconds", history.get("seconds", [0.0])[-1])
    loss, correct, images = given.get("sums", (0.0, 0, 0))
    epoch = whole(given.get("epoch", 0), 0, MAX_EPOCH)
    batch, batches = (whole(given.get(name, 0), 0, MAX_COUNT) for name in ("batch", "batches"))
    if batch >= max(batches, 1):
        raise ValueError("it names an impossible epoch or batch")
    return {
        "epoch": epoch,
        "history": history,
        "batch": batch,
        "batches": batches,
        "sums": (float(loss), int(correct), int(images)),
        "seconds": float(seconds),
        "stopped": bool(given.get("stopped", False)),
    }
