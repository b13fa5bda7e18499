"""How long a run will take and how much memory it needs, before it starts; learnt from the runs before it.

A run costs a fixed part (building its functions), an epoch another (keeping it, validation's call), a batch a third
(its share of a call); then come arithmetic, which convolutions do more slowly and with more to carry about, and the
update of every parameter. These seven prices are fitted to the runs that trained on this device; until there are some,
prices measured elsewhere stand in.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.architecture import multiplications, parameter_count, values
from core.config import RunConfig
from core.devices import slot
from core.events import FINISHED
from core.mnist import HELD_OUT
from core.runs import Run

# Seconds for a run, an epoch, a batch, a multiplication of dense layers and one of convolutions, a value that a
# convolution makes (these three forwards, and twice as much backwards), and an updated parameter: two cores of a 2026
# server, TensorFlow 2.21, from sixteen networks, five of them with convolutions.
PRIOR = np.array([1.4, 0.2, 2e-5, 1.4e-11, 2.5e-11, 5e-9, 1.6e-9])
PRIOR_WEIGHT = 0.1  # of a run that trained here: the first one outweighs it
FORWARD_AND_BACK = 3
SLOTS = {"adam": 2, "adamw": 2, "nadam": 2, "rmsprop": 1, "momentum": 1, "sgd": 0}  # numbers kept beside each weight
TENSORFLOW_BYTES = 560 * 2**20  # what the process takes before it trains
AUGMENTED_SECONDS = 4.0e-5  # an image distorted anew, each epoch


@dataclass(frozen=True)
class Forecast:
    """Seconds of training and bytes of memory. `measured`: how many runs of this device it rests on."""

    seconds: float
    memory: int
    measured: int


def forecast(config: RunConfig, images: int, runs: Iterable[Run]) -> Forecast:
    """What a run of `config` on `images` training images will take. Raises `NetworkError` for impossible layers."""
    here = [run for run in runs if _tells(run, config)]
    prices = _prices(here[:30])
    seconds = float(_costs(config, images) @ prices) + config.epochs * _distorting(config, images)
    return Forecast(seconds, memory(config), len(here))


def training_images(config: RunConfig, all_images: int) -> int:
    """How many images an epoch has, of a data set with `all_images` for training."""
    there = all_images - all_images // HELD_OUT if config.validate_on == "held-out" else all_images
    return min(config.train_images or there, there)


def memory(config: RunConfig) -> int:
    """Bytes of the training process: TensorFlow, the images, weights with gradients and optimiser, a batch's values."""
    parameters = parameter_count(config)
    numbers = parameters * (2 + SLOTS[config.optimizer]) + config.batch_size * values(config) * 2
    return TENSORFLOW_BYTES + 70_000 * 784 + 4 * numbers


def error(run: Run) -> float | None:
    """How wrong the forecast of a finished run was: 0.1 = it took 10 % longer. None where there was none."""
    ended = run.ended
    if not ended or ended.outcome != FINISHED or not run.forecast_seconds or not ended.fit_seconds:
        return None
    return ended.fit_seconds / run.forecast_seconds - 1


def _tells(run: Run, config: RunConfig) -> bool:
    """Whether a run's duration says something about this config: whole epochs, in one piece, on the same device."""
    if run.shipped or not run.started or run.started.from_epoch or not run.epochs:
        return False
    return slot(run.config.device) == slot(config.device)


def _prices(runs: list[Run]) -> np.ndarray:
    """The prices that explain the runs best: float64 (7,), none below zero.

    Each run counts by its relative error, so that a long one does not drown the short ones.
    """
    rows, seconds = [], []
    for run in runs:
        assert run.started is not None
        trained = run.config.changed(epochs=run.epochs[-1].epoch)  # fewer where it was stopped, or stopped early
        plain = run.epochs[-1].seconds - trained.epochs * _distorting(trained, run.started.train_images)
        if plain > 0:
            rows.append(_costs(trained, run.started.train_images) / plain)
            seconds.append(1.0)
    if not rows:
        return PRIOR
    from scipy.optimize import nnls  # 20 MB and a quarter of a second that a first visit need not spend

    # Without many runs the prices cannot be told apart: what is known beforehand keeps them in proportion.
    scale = _scale(rows)
    prior = PRIOR_WEIGHT * np.diag(1 / PRIOR)
    found, _ = nnls(np.vstack([*rows, prior]), np.array([*seconds, *np.full(len(PRIOR), PRIOR_WEIGHT * scale)]))
    return found


def _scale(rows: list[np.ndarray]) -> float:
    """How much slower this device is than the one of the prior prices."""
    return float(np.median([1 / (row @ PRIOR) for row in rows]))


def _costs(config: RunConfig, images: int) -> np.ndarray:
    """How often a run pays each of the prices: float64 (7,). Validation is a forward pass."""
    batches = config.epochs * -(-images // config.batch_size)
    validated = {"held-out": images / (HELD_OUT - 1), "test": images / 6, "none": 0.0}[config.validate_on]
    passes = config.epochs * (FORWARD_AND_BACK * images + validated)
    arithmetic = [multiplications(config, ("dense",)), multiplications(config, ("conv",)), values(config, ("conv",))]
    updates = batches * parameter_count(config)
    return np.array([1, config.epochs, batches, *(passes * each for each in arithmetic), updates], float)


def _distorting(config: RunConfig, images: int) -> float:
    return images * AUGMENTED_SECONDS if config.augmentation or config.pen or config.styles else 0.0
