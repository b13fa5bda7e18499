"""What a network said about a whole split, kept with its run, and the seal on the test set.

runs/<id>/evaluations/test-final.npy    logits float32 (n, 10)             validation-0003.npy: after the third epoch
                      test-final.json   the counts, the loss, and what they belong to
          test_set.json                 when the test set was opened for this run

A kept answer counts only for the very weights and the very images it was made with. One of an earlier version, which
kept probabilities, is asked anew: from those alone the loss cannot be told.
"""

import hashlib
import io
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core.data.mnist import Mnist
from core.data.sampling import softmax
from core.digits import Digits
from core.errors import RunError
from core.evaluation.metrics import Evaluation, evaluate
from core.files import read_json, suppress_disk_errors, write_atomic, write_json
from core.home import home
from core.network.architecture import multiplications
from core.runs.events import FINISHED
from core.runs.store import Run

TRAIN, VALIDATION, TEST = SPLITS = "train", "validation", "test"
# Numbers of images of the two sets that are parts of one another: all of MNIST, and the 5,000 that come along.
_PARTS = {54_000, 60_000, 6_000, 10_000} | {4_050, 4_500, 450, 500}
_HOLDS = "logits"
_QUICK = 2e10  # multiplications: about a second on two cores
_CLOSE = 0.005  # two measurements of one network differ by less, whichever device computed them


class Network(Protocol):
    def logits(self, images: np.ndarray) -> np.ndarray: ...

    def probabilities(self, images: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class Answers:
    """What a network said about a split. labels: uint8 (n,), logits: the sums before softmax, float32 (n, 10)."""

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
        """The digit each image was taken for: int64 (n,)."""
        return self.logits.argmax(axis=1)

    @cached_property
    def right(self) -> np.ndarray:
        """bool (n,)."""
        return self.predicted == self.labels


def sealed(run: Run) -> bool:
    """Whether nobody has looked at this run's test figures yet: neither its recipe nor a visitor."""
    read = run.ended is not None and run.ended.test_accuracy is not None
    return run.config.validate_on == "held-out" and not read and not openings(run)


def openings(run: Run) -> list[float]:
    """When the test set was opened for this run, in seconds since 1970."""
    kept = read_json(run.folder / "test_set.json")
    return [float(at) for at in kept.get("opened", ())] if isinstance(kept, dict) else []


def open_test_set(run: Run) -> None:
    """Breaks the seal, and writes down that it was broken."""
    if sealed(run):
        write_json(run.folder / "test_set.json", {"opened": [*openings(run), time.time()]})


def knew_another_part(run: Run, data: Mnist) -> bool:
    """Whether the run learned from all of MNIST while only the 5,000 that come along are in use, or the other way.

    Some of the images in use may then be among those it learned from. Raises `RunError` where the run had numbers of
    images that neither of the two has: it belongs to another data set.
    """
    started, config = run.started, run.config
    if started is None:
        return False
    held_out = config.validate_on == "held-out"
    training = len(data.train) + (0 if held_out else len(data.validation))
    validation = {"held-out": len(data.validation), "test": len(data.test)}.get(config.validate_on, 0)
    pairs = [(started.validation_images, validation)]
    pairs += [] if config.train_images else [(started.train_images, training)]
    differing = [(there, here) for there, here in pairs if there != here]
    for there, here in differing:
        if not {there, here} <= _PARTS:
            raise _other_data(run, f"{here:,} images where the run had {there:,}")
    return bool(differing)


def respect_seal(run: Run, split: str) -> None:
    """Raises `RunError` where `split` is the test set and still sealed for this run."""
    if split == TEST and sealed(run):
        raise RunError(f"The test set is sealed for {run.title}. Open it first; that is written down with the run.")


def answers(run: Run, split: str, data: Mnist, ask: Callable[[], Network], epoch: int | None = None) -> Answers:
    """What `run` says about `split`, as it ended or after `epoch`: as it was kept, else asked of `ask()` and kept.

    Raises `RunError` for a sealed test set, missing weights, or weights and images that do not belong together.
    """
    respect_seal(run, split)
    digits = data.split(split)
    belongs, path = belonging(run, epoch, digits), _path(run, split, epoch)
    if (logits := _read(path, belongs, len(digits))) is None:
        another_part = knew_another_part(run, data)
        logits = ask().logits(digits.images).astype(np.float32)
        found = Answers(digits.labels, logits)
        if not another_part:
            _check_figures(run, split, found.evaluation, epoch)
        with suppress_disk_errors():
            make_folder(run)
            _keep(path, belongs, found)
    return Answers(digits.labels, logits)


def usual_split(run: Run) -> str:
    """The images one looks at first: validation where some were held out, else the test set its recipe reads anyway."""
    return VALIDATION if run.config.validate_on == "held-out" else TEST


def at_once(run: Run, split: str, data: Mnist, epoch: int | None = None) -> bool:
    """Whether `answers` takes no longer than about a second: they are kept, or the network is small."""
    digits = data.split(split)
    try:
        belongs = belonging(run, epoch, digits)
    except RunError:
        return True  # `answers` says what is wrong, and asks no network for that
    quick = multiplications(run.config) * len(digits) < _QUICK
    return quick or _read(_path(run, split, epoch), belongs, len(digits)) is not None


def kept_evaluation(run: Run, split: str = TEST) -> Evaluation | None:
    """The counts kept for the run as it ended; None where it was not evaluated since, or the test set is sealed.

    Reads one small file; needs neither the images nor the network.
    """
    facts = read_json(folder(run) / f"{split}-final.json")
    if not isinstance(facts, dict) or not run.has_model or (split == TEST and sealed(run)):
        return None
    if facts.get("weights") != _stamp(run.model_path):
        return None
    return Evaluation(np.array(facts["counts"]), facts["loss"] if _up_to_date(facts) else None)


def belonging(run: Run, epoch: int | None, digits: Digits) -> dict[str, Any]:
    """What tells these weights and these images from all others, as JSON. Raises `RunError` for missing weights."""
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
        raise RunError(f"{run.title} has kept {what}. Let it train to the end of an epoch, or choose another run.")
    return path


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _path(run: Run, split: str, epoch: int | None) -> Path:
    return folder(run) / f"{split}-{'final' if epoch is None else f'{epoch:04d}'}.npy"


def folder(run: Run) -> Path:
    """Where what was found out about a run is kept."""
    # The run that came with the project lies among its code, where nothing is written.
    return home() / "evaluations" / run.id if run.shipped else run.folder / "evaluations"


def make_folder(run: Run) -> None:
    """Raises `FileNotFoundError` for a run that was deleted meanwhile: made anew it would show as damaged."""
    folder(run).mkdir(parents=run.shipped, exist_ok=True)


def changed_at(run: Run) -> int:
    """When anything was last kept there, in nanoseconds since 1970; 0 where nothing is."""
    try:
        return os.stat(folder(run)).st_mtime_ns
    except OSError:
        return 0


def _read(path: Path, belongs: dict[str, Any], images: int) -> np.ndarray | None:
    facts = read_json(path.with_suffix(".json"))
    if not isinstance(facts, dict) or {name: facts.get(name) for name in belongs} != belongs or not _up_to_date(facts):
        return None
    try:
        logits = np.load(io.BytesIO(path.read_bytes()))
    except (OSError, ValueError, EOFError):
        return None
    return logits if logits.shape == (images, 10) else None


def _up_to_date(facts: dict[str, Any]) -> bool:
    """Whether logits were kept; before, they were probabilities, and the loss was cut at Keras' epsilon."""
    return facts.get("holds") == _HOLDS


def _keep(path: Path, belongs: dict[str, Any], found: Answers) -> None:
    content = io.BytesIO()
    np.save(content, found.logits)
    write_atomic(path, content.getvalue(), durable=False)
    counts = found.evaluation.counts.tolist()
    write_json(path.with_suffix(".json"), {**belongs, "holds": _HOLDS, "counts": counts, "loss": found.evaluation.loss})


def _check_figures(run: Run, split: str, found: Evaluation, epoch: int | None) -> None:
    """Refuses images on which the run itself counted another accuracy: Fashion-MNIST is as large as MNIST."""
    ended = run.ended
    if not ended or ended.outcome != FINISHED or epoch is not None:
        return
    held_out = run.config.validate_on == "held-out"
    recorded = {TEST: ended.test_accuracy, VALIDATION: ended.validation_accuracy if held_out else None}.get(split)
    if recorded is not None and abs(recorded - found.accuracy) > _CLOSE:
        raise _other_data(run, f"{found.accuracy:.2%} right where the run itself counted {recorded:.2%}")


def _other_data(run: Run, received: str) -> RunError:
    return RunError(
        f"{run.title} belongs to another data set than the one in use. Received: {received}. "
        "Point MNIST_PATH at the images it was trained on, or train it anew on these."
    )
