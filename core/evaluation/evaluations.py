"""A run's predictions for whole splits: read from disk (`evaluation_cache`), else computed by its network."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from core.config.run_config import HELD_OUT, TEST_SET
from core.data.mnist import TEST as TEST
from core.data.mnist import TRAIN as TRAIN
from core.data.mnist import VALIDATION as VALIDATION
from core.data.mnist import Mnist
from core.data.pen_digits import IMAGES_PER_WRITER
from core.errors import RunError
from core.evaluation.evaluation_cache import cache_key, cache_path, make_folder, read_logits, write_logits
from core.evaluation.metrics import Evaluation, evaluate
from core.evaluation.seal import check_seal
from core.files import suppress_disk_errors
from core.lesson.arithmetic import softmax
from core.network.architecture import count_multiplications
from core.runs.events import FINISHED
from core.runs.store import Run

# Sizes of the splits of two data sets, one a part of the other: all of MNIST, and the embedded 5,000 images.
_SUBSET_SIZES = {54_000, 60_000, 6_000, 10_000} | {4_050, 4_500, 450, 500}
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
    held_out = config.holds_out
    training = len(data.train) + (0 if held_out else len(data.validation))
    validation = {HELD_OUT: len(data.validation), TEST_SET: len(data.test)}.get(config.validate_on, 0)
    pairs = [(started.validation_images, validation)]
    pairs += [] if config.train_images or config.writers else [(started.train_images, training)]
    differing = [(there, here) for there, here in pairs if there != here]
    for there, here in differing:
        if not {there, here} <= _SUBSET_SIZES:
            raise _other_data(run, f"{here:,} images instead of {there:,}")
    return bool(differing) or _saw_other_subset_and_writers(run, started.train_images, training)


def _saw_other_subset_and_writers(run: Run, images: int, training: int) -> bool:
    """Whether a run with pen writers had another part of MNIST than the `training` images in use.

    Its number of training images contains the writers' drawings. Some writers have drawn a few less than the others.
    """
    if not run.config.writers or run.config.train_images or training not in _SUBSET_SIZES:
        return False
    drawn = run.config.writers * IMAGES_PER_WRITER
    possible = range(images - drawn, images - drawn + drawn // 20)
    return training not in possible and any(size in possible for size in _SUBSET_SIZES)


def predict_split(
    run: Run, split: str, data: Mnist, get_network: Callable[[], Network], epoch: int | None = None
) -> Predictions:
    """The predictions of `run` for `split`, final or after `epoch`: read from disk, else computed by `get_network()`.

    Raises `RunError` for a sealed test set, missing weights, or weights and images that do not belong together.
    """
    check_seal(run, split)
    digits = data.split(split)
    key, path = cache_key(run, epoch, digits), cache_path(run, split, epoch)
    if (logits := read_logits(path, key, len(digits))) is None:
        another_part = trained_on_other_subset(run, data)
        logits = get_network().logits(digits.images).astype(np.float32)
        found = Predictions(digits.labels, logits)
        if not another_part:
            _check_figures(run, split, found.evaluation, epoch)
        with suppress_disk_errors():
            make_folder(run)
            write_logits(path, key, logits, found.evaluation)
    return Predictions(digits.labels, logits)


def default_split(run: Run) -> str:
    """The split to show first: held-out validation images, else the test set, which the recipe reads anyway."""
    return VALIDATION if run.config.holds_out else TEST


def is_quick(run: Run, split: str, data: Mnist, epoch: int | None = None) -> bool:
    """Whether `predict_split` takes at most about a second: they are kept, or the network is small."""
    digits = data.split(split)
    try:
        key = cache_key(run, epoch, digits)
    except RunError:
        return True  # `predict_split` raises the same error without running the network
    quick = not run.foreign and count_multiplications(run.config) * len(digits) < _QUICK_MULTIPLICATIONS
    return quick or read_logits(cache_path(run, split, epoch), key, len(digits)) is not None


def _check_figures(run: Run, split: str, found: Evaluation, epoch: int | None) -> None:
    """Refuses images on which the run measured another accuracy: Fashion-MNIST has as many images as MNIST."""
    ended = run.ended
    if not ended or ended.outcome != FINISHED or epoch is not None:
        return
    held_out = run.config.holds_out
    recorded = {TEST: ended.test_accuracy, VALIDATION: ended.validation_accuracy if held_out else None}.get(split)
    if recorded is not None and abs(recorded - found.accuracy) > _ACCURACY_TOLERANCE:
        raise _other_data(run, f"{found.accuracy:.2%} accuracy instead of the recorded {recorded:.2%}")


def _other_data(run: Run, received: str) -> RunError:
    return RunError(
        f"{run.title} was trained on another data set than the one in use. Set MNIST_PATH to the images that it was "
        "trained on, or train a new run on these.",
        received=received,
    )
