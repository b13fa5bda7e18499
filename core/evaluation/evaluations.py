"""A run's predictions for whole splits, kept with the run.

runs/<id>/evaluations/test-final.npy    logits float32 (n, 10)             validation-0003.npy: after the third epoch
                      test-final.json   the counts, the loss, and what they belong to

Kept predictions are valid only for the same weights and the same images. Files of an earlier version hold
probabilities, which do not give the exact loss: those predictions are computed again.
"""

import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core.data.mnist import Mnist
from core.digits import Digits
from core.errors import RunError
from core.evaluation.metrics import Evaluation, evaluate
from core.evaluation.seal import check_seal, sealed
from core.files import read_json, suppress_disk_errors, write_atomic, write_json
from core.home import home
from core.lesson.arithmetic import softmax
from core.network.architecture import count_multiplications
from core.runs.events import FINISHED
from core.runs.store import Run

TRAIN, VALIDATION, TEST = SPLITS = "train", "validation", "test"
# Sizes of the splits of two data sets, one a part of the other: all of MNIST, and the embedded 5,000 images.
_SUBSET_SIZES = {54_000, 60_000, 6_000, 10_000} | {4_050, 4_500, 450, 500}
_CONTENT = "logits"
_QUICK_MULTIPLICATIONS = 2e10  # multiplications: about a second on two cores
_ACCURACY_TOLERANCE = 0.005  # two devices compute accuracies that differ by less


class Network(Protocol):
    def logits(self, images: np.ndarray) -> np.ndarray: ...

    def probabilities(self, images: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class Predictions:
    """A network's predictions for a split. labels: uint8 (n,), logits: float32 (n, 10)."""

    labels: np.ndarray
    logits: np.ndarray

    @cached_property
    def evaluation(self) -> Evaluation:
        return evaluate(self.labels, self.logits)

    @cached_property
    def probabilities(self) -> np.ndarray:
        """float32 (n, 10), rows sum to 1."""
        return softmax(self.logits)

    @cached_property
    def predicted(self) -> np.ndarray:
        """The predicted digits: int64 (n,)."""
        return self.logits.argmax(axis=1)

    @cached_property
    def right(self) -> np.ndarray:
        """bool (n,)."""
        return self.predicted == self.labels


def trained_on_other_subset(run: Run, data: Mnist) -> bool:
    """Whether the run was trained on all of MNIST and only the embedded 5,000 images are in use, or the reverse.

    The run may then have seen some of the images in use. Raises `RunError` if its numbers of images fit neither of the
    two sets: it belongs to another data set.
    """
    started, config = run.started, run.config
    if run.class_names != data.names:
        raise _other_data(run, f"classes {', '.join(data.names)} instead of {', '.join(run.class_names)}")
    if started is None:
        return False
    held_out = config.validate_on == "held-out"
    training = len(data.train) + (0 if held_out else len(data.validation))
    validation = {"held-out": len(data.validation), "test": len(data.test)}.get(config.validate_on, 0)
    pairs = [(started.validation_images, validation)]
    pairs += [] if config.train_images else [(started.train_images, training)]
    differing = [(there, here) for there, here in pairs if there != here]
    for there, here in differing:
        if not {there, here} <= _SUBSET_SIZES:
            raise _other_data(run, f"{here:,} images instead of {there:,}")
    return bool(differing)


def predict_split(
    run: Run, split: str, data: Mnist, get_network: Callable[[], Network], epoch: int | None = None
) -> Predictions:
    """The predictions of `run` for `split`, final or after `epoch`: read from disk, else computed by `get_network()`.

    Raises `RunError` for a sealed test set, missing weights, or weights and images that do not belong together.
    """
    check_seal(run, split)
    digits = data.split(split)
    key, path = cache_key(run, epoch, digits), _path(run, split, epoch)
    if (logits := _read_cache(path, key, len(digits))) is None:
        another_part = trained_on_other_subset(run, data)
        logits = get_network().logits(digits.images).astype(np.float32)
        found = Predictions(digits.labels, logits)
        if not another_part:
            _check_figures(run, split, found.evaluation, epoch)
        with suppress_disk_errors():
            make_folder(run)
            _write_cache(path, key, found)
    return Predictions(digits.labels, logits)


def default_split(run: Run) -> str:
    """The split to show first: held-out validation images, else the test set, which the recipe reads anyway."""
    return VALIDATION if run.config.validate_on == "held-out" else TEST


def is_quick(run: Run, split: str, data: Mnist, epoch: int | None = None) -> bool:
    """Whether `predict_split` takes at most about a second: they are kept, or the network is small."""
    digits = data.split(split)
    try:
        key = cache_key(run, epoch, digits)
    except RunError:
        return True  # `predict_split` raises the same error without running the network
    quick = count_multiplications(run.config) * len(digits) < _QUICK_MULTIPLICATIONS
    return quick or _read_cache(_path(run, split, epoch), key, len(digits)) is not None


def cached_evaluation(run: Run, split: str = TEST) -> Evaluation | None:
    """The kept counts of the finished run; None if it was not evaluated since, or if the test set is sealed.

    Reads one small file and needs neither images nor network.
    """
    facts = read_json(folder(run) / f"{split}-final.json")
    if not isinstance(facts, dict) or not run.has_model or (split == TEST and sealed(run)):
        return None
    if facts.get("weights") != _stamp(run.model_path):
        return None
    return Evaluation(np.array(facts["counts"]), facts["loss"] if _holds_logits(facts) else None)


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


def _path(run: Run, split: str, epoch: int | None) -> Path:
    return folder(run) / f"{split}-{'final' if epoch is None else f'{epoch:04d}'}.npy"


def folder(run: Run) -> Path:
    """The folder of a run's evaluations."""
    # The shipped run is part of the code folder, where nothing may be written.
    return home() / "evaluations" / run.id if run.shipped else run.folder / "evaluations"


def make_folder(run: Run) -> None:
    """Raises `FileNotFoundError` if the run was deleted: a new folder would look like a damaged run."""
    folder(run).mkdir(parents=run.shipped, exist_ok=True)


def changed_at(run: Run) -> int:
    """When the folder last changed, in nanoseconds since 1970; 0 if there is none."""
    try:
        return os.stat(folder(run)).st_mtime_ns
    except OSError:
        return 0


def _read_cache(path: Path, key: dict[str, Any], images: int) -> np.ndarray | None:
    facts = read_json(path.with_suffix(".json"))
    if not isinstance(facts, dict) or {name: facts.get(name) for name in key} != key or not _holds_logits(facts):
        return None
    try:
        logits = np.load(io.BytesIO(path.read_bytes()))
    except (OSError, ValueError, EOFError):
        return None
    return logits if logits.shape == (images, 10) else None


def _holds_logits(facts: dict[str, Any]) -> bool:
    """Whether the file holds logits; earlier versions kept probabilities and a clipped loss."""
    return facts.get("holds") == _CONTENT


def _write_cache(path: Path, key: dict[str, Any], found: Predictions) -> None:
    content = io.BytesIO()
    np.save(content, found.logits)
    write_atomic(path, content.getvalue(), durable=False)
    counts = found.evaluation.counts.tolist()
    write_json(path.with_suffix(".json"), {**key, "holds": _CONTENT, "counts": counts, "loss": found.evaluation.loss})


def _check_figures(run: Run, split: str, found: Evaluation, epoch: int | None) -> None:
    """Refuses images on which the run measured another accuracy: Fashion-MNIST has as many images as MNIST."""
    ended = run.ended
    if not ended or ended.outcome != FINISHED or epoch is not None:
        return
    held_out = run.config.validate_on == "held-out"
    recorded = {TEST: ended.test_accuracy, VALIDATION: ended.validation_accuracy if held_out else None}.get(split)
    if recorded is not None and abs(recorded - found.accuracy) > _ACCURACY_TOLERANCE:
        raise _other_data(run, f"{found.accuracy:.2%} accuracy instead of the recorded {recorded:.2%}")


def _other_data(run: Run, received: str) -> RunError:
    return RunError(
        f"{run.title} was trained on another data set than the one in use. Set MNIST_PATH to the images that it was "
        "trained on, or train a new run on these.",
        received=received,
    )
