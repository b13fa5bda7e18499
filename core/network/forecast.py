"""How long a run will take and how much memory it needs, before it starts; learnt from the runs before it.

A run costs a fixed part (building its functions), an epoch another (keeping it, validation's call), a batch a third
(its share of a call); then come arithmetic, which convolutions do more slowly and with more to carry about, and the
update of every parameter. These seven prices are fitted to the runs that trained on this device; until there are some,
prices measured elsewhere stand in.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.config.run_config import RunConfig
from core.data.mnist import HELD_OUT_DIVISOR
from core.devices import device_slot
from core.network.architecture import multiplications, parameter_count, values
from core.runs.events import FINISHED
from core.runs.store import Run

# Seconds for a run, an epoch, a batch, a multiplication of dense layers and one of convolutions, a value that a
# convolution makes (these three forwards, and twice as much backwards), and an updated parameter: two cores of a 2026
# server, TensorFlow 2.21, from sixteen networks, five of them with convolutions.
PRIOR = np.array([1.4, 0.2, 2e-5, 1.4e-11, 2.5e-11, 5e-9, 1.6e-9])
# How far devices lie apart from the one of the prior, altogether and in each price by itself, as standard deviations of
# its logarithm; and how far durations of one and the same run do.
DEVICES_DIFFER, RUNS_DIFFER = 1.0, 0.15
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
    there = all_images - all_images // HELD_OUT_DIVISOR if config.validate_on == "held-out" else all_images
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
    return device_slot(run.config.device) == device_slot(config.device)


def _prices(runs: list[Run]) -> np.ndarray:
    """The prices that are likeliest after these runs: float64 (7,), all above zero.

    All in logarithms. So each run counts by its relative error, a long one does not drown the short ones, and no price
    falls to nothing because the runs so far hardly paid it: of a price that they cannot tell, the prior stays.
    """
    rows = []
    for run in runs:
        assert run.started is not None
        trained = run.config.changed(epochs=run.epochs[-1].epoch)  # fewer where it was stopped, or stopped early
        plain = run.epochs[-1].seconds - trained.epochs * _distorting(trained, run.started.train_images)
        if plain > 0:
            rows.append(_costs(trained, run.started.train_images) / plain)
    if not rows:
        return PRIOR
    from scipy.optimize import least_squares  # 20 MB and a quarter of a second that a first visit need not spend

    shares = np.array(rows) * PRIOR  # of its duration that each run would pay here for each price, float64 (runs, 7)
    # The last number is what all prices have in common: how much slower this device is altogether.
    each = np.hstack([np.eye(len(PRIOR)), np.ones((len(PRIOR), 1))])
    beforehand = np.eye(len(PRIOR) + 1) / DEVICES_DIFFER

    def misses(factors: np.ndarray) -> np.ndarray:
        told = np.log(shares @ np.exp(each @ factors))
        return np.concatenate([told / RUNS_DIFFER, beforehand @ factors])

    def slopes(factors: np.ndarray) -> np.ndarray:
        parts = shares * np.exp(each @ factors)
        return np.vstack([parts / parts.sum(axis=1, keepdims=True) @ each / RUNS_DIFFER, beforehand])

    found = least_squares(misses, np.zeros(len(PRIOR) + 1), slopes).x
    return np.asarray(PRIOR * np.exp(each @ found))


def _costs(config: RunConfig, images: int) -> np.ndarray:
    """How often a run pays each of the prices: float64 (7,). Validation is a forward pass."""
    batches = config.epochs * -(-images // config.batch_size)
    validated = {"held-out": images / (HELD_OUT_DIVISOR - 1), "test": images / 6, "none": 0.0}[config.validate_on]
    passes = config.epochs * (FORWARD_AND_BACK * images + validated)
    arithmetic = [multiplications(config, ("dense",)), multiplications(config, ("conv",)), values(config, ("conv",))]
    updates = batches * parameter_count(config)
    return np.array([1, config.epochs, batches, *(passes * each for each in arithmetic), updates], float)


def _distorting(config: RunConfig, images: int) -> float:
    return images * AUGMENTED_SECONDS if config.augmentation or config.pen or config.styles else 0.0
