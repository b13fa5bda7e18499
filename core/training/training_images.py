"""The images a run trains on: those of the data set, digits of pen writers, and new ones for each epoch.

The knobs of the run say which of these it has.
"""

from typing import NamedTuple

import numpy as np

from core.augment.redraw import EpochPrefetcher, Redrawer
from core.config.run_config import RunConfig
from core.data import pen_digits
from core.data.mnist import Mnist
from core.data.sampling import select_images
from core.digits import Digits
from core.drawing import pen_images
from core.errors import ConfigError, DataError


class TrainingImages(NamedTuple):
    """What a run trains and validates on, and a sentence about it."""

    training: Digits
    validation: Digits | None
    source: str


def training_images(config: RunConfig, data: Mnist) -> TrainingImages:
    """The images for the knobs of `config`; without pen digits, if they are neither here nor can be downloaded.

    Raises `ConfigError` if pen digits are asked for beside images of other things.
    """
    training, validation = select_images(config, data)
    source = data.source.sentence
    if not config.writers:
        return TrainingImages(training, validation, source)
    if not data.shows_digits:
        raise ConfigError(
            f"writers must be 0 because this data set shows {', '.join(data.names[:3])} … and no digits. "
            "Set writers to 0.",
            received=config.writers,
        )
    try:
        drawn = writers_digits(config.writers)
    except DataError as error:
        return TrainingImages(training, validation, f"{source} Without the pen digits: {error.sentence}")
    joined = Digits(np.concatenate([training.images, drawn.images]), np.concatenate([training.labels, drawn.labels]))
    return TrainingImages(
        joined, validation, f"{source} And {len(drawn):,} drawings of {config.writers} other writers."
    )


def redrawn_images(config: RunConfig, training: Digits, first_epoch: int) -> EpochPrefetcher | None:
    """The images of each epoch, if the knobs ask for new ones. Those of `first_epoch` are drawn from now on."""
    if not config.redraws_images:
        return None
    images = EpochPrefetcher(Redrawer(training.images, training.labels, config))
    if first_epoch < config.epochs:
        images.begin(first_epoch)
    return images


def writers_digits(writers: int) -> Digits:
    """The drawings of the first `writers` writers. Raises `DataError` if their strokes cannot be had."""
    return pen_images.training_digits(pen_digits.load().by(pen_digits.TRAINING_WRITERS[:writers]))
