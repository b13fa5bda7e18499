"""A check of a run's latest weights: dead units, each digit's accuracy, and training beside unseen images.

While a run trains, some images must do, because the run needs the processor. A finished evaluation is used whole.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from core.config.run_config import RunConfig
from core.data.mnist import Mnist
from core.data.sampling import select_images
from core.digits import NUM_CLASSES, Digits
from core.evaluation import evaluations
from core.evaluation.diagnostics import Sample
from core.evaluation.evaluation_cache import cached_evaluation
from core.network.architecture import count_multiplications
from core.network.dead_units import dead_units
from core.network.graph_network import network_of
from core.runs.data_match import was_trained_on
from core.runs.store import Run

MAX_IMAGES = 1000
MAX_MULTIPLICATIONS = 2e9  # about a fifth of a second in NumPy


@dataclass(frozen=True)
class Checkup:
    """`dead`: layer → share of dead units. `correct` of `support` images of each digit of `split`.

    training, unseen: the same weights on training images and on images of `split`.
    """

    dead: dict[str, float] = field(default_factory=dict)
    correct: tuple[int, ...] = ()
    support: tuple[int, ...] = ()
    split: str = evaluations.VALIDATION
    training: Sample | None = None
    unseen: Sample | None = None


def check(run: Run, epoch: int, data: Mnist) -> Checkup:
    """The weights after `epoch`, on at most `MAX_IMAGES` images. Raises `RunError` where the file is damaged.

    With another data set than the run's own it is empty: nobody knows which of these images the run has seen.
    """
    if not was_trained_on(run, data):
        return Checkup()
    number = int(min(MAX_IMAGES, MAX_MULTIPLICATIONS / max(count_multiplications(run.config), 1)))
    split = evaluations.default_split(run)  # where nothing is held out, the run trains on the validation images
    unseen, training = data.split(split)[:number], _training_images(run.config, data, number)
    reader = network_of(run, epoch)
    probabilities = reader.probabilities(unseen.images)
    on_training = reader.probabilities(training.images)
    correct = unseen.labels[probabilities.argmax(1) == unseen.labels]
    return Checkup(
        {layer.layer: layer.share for layer in dead_units(reader, unseen.images)},
        tuple(np.bincount(correct, minlength=NUM_CLASSES).tolist()),
        tuple(unseen.counts.tolist()),
        split,
        Sample.from_probabilities(on_training, training.labels),
        Sample.from_probabilities(probabilities, unseen.labels),
    )


def with_all_images(found: Checkup, run: Run) -> Checkup:
    """`found` with each digit's accuracy on all images, where the finished run was evaluated on them."""
    split = evaluations.default_split(run)
    if (evaluation := cached_evaluation(run, split)) is None:
        return found
    correct, support = np.diag(evaluation.counts).tolist(), evaluation.support.tolist()
    return replace(found, correct=tuple(correct), support=tuple(support), split=split)


@lru_cache(maxsize=16)  # a run is checked many times; to join all training images takes 47 MB
def _training_images(config: RunConfig, data: Mnist, number: int) -> Digits:
    """Images that the run trains on, spread evenly over all, with the labels that it trains on."""
    training, _ = select_images(config, data)
    return training[np.linspace(0, len(training) - 1, min(number, len(training))).astype(np.int64)]
