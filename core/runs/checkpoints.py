"""The files in which a run keeps its weights: one for each epoch, and one with all that a resume needs."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import RunError
from core.files import Arrays, write_arrays


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Reads `write_arrays` back. Raises `RunError` where the file is missing or damaged."""
    try:
        # Opened here: of a file cut short, NumPy forgets to close its own.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    except Exception as error:  # zipfile, NumPy and the system each have their own way of saying it
        raise RunError(
            f"{path.name} of the run {path.parent.name} must be a file of arrays. Received: {error}. "
            "It was deleted or damaged: take another epoch, or train anew."
        ) from error


def write_state(path: Path, epoch: int, weights: Arrays, state: Arrays, history: Any) -> None:
    """Keeps all that a resume after `epoch` needs in one file, so that its parts always belong together."""
    told = np.frombuffer(json.dumps({"epoch": epoch, "history": history}).encode(), np.uint8)
    arrays = {f"weights:{name}": array for name, array in weights.items()}
    arrays |= {f"state:{name}": array for name, array in state.items()}
    write_arrays(path, {**arrays, "told": told})


def read_state(path: Path) -> tuple[int, dict[str, np.ndarray], dict[str, np.ndarray], Any]:
    """Epoch, weights, state and history as `write_state` kept them."""
    arrays = read_arrays(path)
    told = json.loads(bytes(arrays["told"]))
    return told["epoch"], _part(arrays, "weights:"), _part(arrays, "state:"), told["history"]


def surplus(epochs: list[int], bound: int) -> list[int]:
    """The epochs to forget so that about `bound` remain: evenly spread, the first and the last among them.

    >>> surplus([1, 2, 3, 4, 5, 6, 7], 4)
    [2, 4, 6]
    """
    stride, kept = 1, epochs
    while len(kept) > max(bound, 2):
        stride *= 2
        kept = [epoch for epoch in epochs if (epoch - 1) % stride == 0 or epoch == epochs[-1]]
    return [epoch for epoch in epochs if epoch not in kept]


def _part(arrays: Arrays, prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
