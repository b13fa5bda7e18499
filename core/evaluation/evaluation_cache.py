"""Predictions and counts that are kept with a run.

runs/<id>/evaluations/test-final.npy    logits float32 (n, 10)             validation-0003.npy: after the third epoch
                      test-final.json   the counts, the loss, and what they belong to

They are valid only for the same weights and the same images. Files of an earlier version hold probabilities, which do
not give the exact loss: those predictions are computed again.
"""

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from core.data.mnist import TEST
from core.digits import NUM_CLASSES, Digits
from core.errors import RunError
from core.evaluation.metrics import Evaluation
from core.evaluation.seal import sealed
from core.files import read_json, write_atomic, write_json
from core.home import home
from core.runs.file_names import EVALUATIONS
from core.runs.store import Run
from core.untrusted import load_array, number, whole

_CONTENT = "logits"
_MAX_IMAGES = 10**9  # of a split
_MAX_HEADER_BYTES = 10_000  # of a file beside its numbers


def cached_evaluation(run: Run, split: str = TEST) -> Evaluation | None:
    """The kept counts of the finished run; None if it was not evaluated since, or if the test set is sealed.

    Reads one small file and needs neither images nor network.
    """
    facts = read_json(folder(run) / f"{split}-final.json")
    if not isinstance(facts, dict) or not run.has_model or (split == TEST and sealed(run)):
        return None
    if facts.get("weights") != _stamp(run.model_path):
        return None
    try:
        loss = number(facts["loss"], 0) if _holds_logits(facts) and facts["loss"] is not None else None
        return Evaluation(_checked_counts(facts["counts"]), loss)
    except (KeyError, ValueError, TypeError):
        return None


def is_of(run: Run, digits: Digits, split: str = TEST) -> bool:
    """Whether the kept counts of the finished run were measured on these images."""
    facts = read_json(folder(run) / f"{split}-final.json")
    return isinstance(facts, dict) and facts.get("images") == fingerprint(digits)


def _checked_counts(counts: Any) -> np.ndarray:
    """int64 (10, 10), rows true, columns predicted. Raises `ValueError` for anything else."""
    if not isinstance(counts, list) or len(counts) != NUM_CLASSES:
        raise ValueError("not ten rows")
    rows = [[whole(cell, 0, _MAX_IMAGES) for cell in row] for row in counts]
    if any(len(row) != NUM_CLASSES for row in rows) or not any(map(any, rows)):
        raise ValueError("not ten columns, or no image")
    return np.array(rows, np.int64)


def cache_key(run: Run, epoch: int | None, digits: Digits) -> dict[str, Any]:
    """Identifies these weights and images, as JSON. Raises `RunError` for missing weights."""
    return {"weights": _stamp(_weights(run, epoch)), "images": fingerprint(digits)}


def fingerprint(digits: Digits) -> str:
    """A short text that differs for different images or labels."""
    state = hashlib.blake2b(digits.images.tobytes(), digest_size=8)
    state.update(digits.labels.tobytes())
    return state.hexdigest()


def _weights(run: Run, epoch: int | None) -> Path:
    path = run.model_path if epoch is None else run.epoch_path(epoch)
    if not path.exists():
        what = "no network yet" if epoch is None else f"no weights of epoch {epoch}"
        raise RunError(f"{run.title} has {what}. Let it finish an epoch, or choose another run.")
    return path


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def cache_path(run: Run, name: str, epoch: int | None) -> Path:
    """The file of `name`, a split, for the final network or the weights of an epoch."""
    return folder(run) / f"{name}-{'final' if epoch is None else f'{epoch:04d}'}.npy"


def folder(run: Run) -> Path:
    """The folder of a run's evaluations."""
    # The shipped run is part of the code folder, where nothing may be written.
    return home() / "evaluations" / run.id if run.shipped else run.folder / EVALUATIONS


def make_folder(run: Run) -> None:
    """Raises `FileNotFoundError` if the run was deleted: a new folder would look like a damaged run."""
    folder(run).mkdir(parents=run.shipped, exist_ok=True)


def changed_at(run: Run) -> int:
    """When the folder last changed, in nanoseconds since 1970; 0 if there is none."""
    try:
        return os.stat(folder(run)).st_mtime_ns
    except OSError:
        return 0


def read_facts(path: Path, key: dict[str, Any]) -> dict[str, Any] | None:
    """The JSON of `path`; None if it is missing, or belongs to other weights or images than `key`."""
    facts = read_json(path)
    return facts if isinstance(facts, dict) and {name: facts.get(name) for name in key} == key else None


def read_logits(path: Path, key: dict[str, Any], images: int) -> np.ndarray | None:
    """Saved logits, float32 (images, 10); None if there are none that belong to `key`."""
    facts = read_facts(path.with_suffix(".json"), key)
    if facts is None or not _holds_logits(facts):
        return None
    try:
        logits = load_array(path, 4 * NUM_CLASSES * images + _MAX_HEADER_BYTES)
    except (OSError, ValueError, EOFError):
        return None
    return logits if logits.shape == (images, NUM_CLASSES) and logits.dtype == np.float32 else None


def _holds_logits(facts: dict[str, Any]) -> bool:
    """Whether the file holds logits; earlier versions kept probabilities and a clipped loss."""
    return facts.get("holds") == _CONTENT


def write_logits(path: Path, key: dict[str, Any], logits: np.ndarray, evaluation: Evaluation) -> None:
    """Saves logits, and beside them the counts and the loss."""
    content = io.BytesIO()
    np.save(content, logits)
    write_atomic(path, content.getvalue(), durable=False)
    counts, loss = evaluation.counts.tolist(), evaluation.loss
    write_json(path.with_suffix(".json"), {**key, "holds": _CONTENT, "counts": counts, "loss": loss})
