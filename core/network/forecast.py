"""How long a run will take and how much memory it needs, estimated from earlier runs.

The time has seven parts: one for each run (compiling), epoch (saving, validation), batch (its share of a call), for
multiplications in dense layers and in convolutions, for values that convolutions compute, and for updated parameters.
The price of each part is fitted to the runs on this device. Until there are some, prices from another machine are used.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from core.config.run_config import HELD_OUT, NO_VALIDATION, TEST_SET, RunConfig
from core.data.mnist import HELD_OUT_DIVISOR
from core.data.pen_digits import IMAGES_PER_WRITER
from core.devices.computing import device_kind
from core.network.architecture import count_multiplications, count_outputs, count_parameters
from core.runs.events import FINISHED
from core.runs.store import Run

# Seconds for a run, an epoch, a batch, a multiplication in dense layers, one in convolutions, a value computed by a
# convolution (forward; backward costs twice as much), and an updated parameter. Measured on two cores of a 2026 server
# with TensorFlow 2.21, from fifteen networks, nine of them with convolutions: each within a factor of 1.75.
PRIOR = np.array([0.6, 0.1, 3e-5, 8e-12, 1.7e-11, 1.2e-9, 5e-10])
# Standard deviations of logarithms: how much other devices differ from that one, in total and in each price, and how
# much the durations of equal runs differ.
DEVICES_DIFFER, RUNS_DIFFER = 1.0, 0.15
FORWARD_AND_BACK = 3
SLOTS = {
    "adam": 2,
    "adamw": 2,
    "nadam": 2,
    "rmsprop": 1,
    "momentum": 1,
    "sgd": 0,
}  # numbers that the optimiser keeps for each weight
TENSORFLOW_BYTES = 560 * 2**20  # of the process before it trains
AUGMENTED_SECONDS = 4.0e-5  # for each redrawn image
_NEWEST = 30  # runs to learn the speed from
_SAMPLED = 12  # configs of a sweep; more would take too long at every click


@dataclass(frozen=True)
class Forecast:
    """Seconds of training and bytes of memory. `measured`: how many runs on this device it is based on, at most 30.

    compiling: the part of the seconds that another seed in the same process does not need.
    """

    seconds: float
    memory: int
    measured: int
    compiling: float = 0.0

    @property
    def next_seed_seconds(self) -> float:
        """Of another seed in the same process."""
        return self.seconds - self.compiling


NO_FORECAST = Forecast(0.0, 0, 0)


def forecast(config: RunConfig, images: int, runs: Iterable[Run]) -> Forecast:
    """The forecast for `config` on `images` training images. Raises `NetworkError` for impossible layers."""
    comparable = list(itertools.islice((run for run in runs if _is_comparable(run, config)), _NEWEST))
    prices = _fit_prices(comparable)
    seconds = float(_costs(config, images) @ prices) + config.epochs * _redraw_seconds(config, images)
    return Forecast(seconds, memory(config), len(comparable), float(prices[0]))


def mean_seconds(configs: Sequence[RunConfig], all_images: int, runs: Sequence[Run]) -> float:
    """The mean training time of one of `configs`, estimated from a sample of them and the newest of `runs`.

    Of several seeds of a setting, one process trains all and compiles once.
    """
    places = np.linspace(0, len(configs) - 1, min(_SAMPLED, len(configs))).astype(int)
    sample = [configs[place] for place in places]
    each = [forecast(config, training_images(config, all_images), runs[:_NEWEST]) for config in sample]
    settings = len({config.changed(seed=configs[0].seed) for config in configs})
    next_seeds = 1 - settings / len(configs)  # the share of them
    return float(np.mean([found.seconds - next_seeds * found.compiling for found in each]))


def training_images(config: RunConfig, all_images: int) -> int:
    """How many images an epoch has if the data set has `all_images` training images."""
    there = all_images - all_images // HELD_OUT_DIVISOR if config.holds_out else all_images
    return min(config.train_images or there, there) + config.writers * IMAGES_PER_WRITER


def memory(config: RunConfig) -> int:
    """Bytes of the training process: TensorFlow, the images, weights with gradients and optimiser, a batch's values."""
    parameters = count_parameters(config)
    numbers = parameters * (2 + SLOTS[config.optimizer]) + config.batch_size * count_outputs(config) * 2
    return TENSORFLOW_BYTES + (70_000 + config.writers * IMAGES_PER_WRITER) * 784 + 4 * numbers


def relative_error(run: Run) -> float | None:
    """The error of a finished run's forecast: 0.1 means that it took 10% longer. None without a forecast.

    None also for seeds that trained together, which take longer than a run alone.
    """
    ended = run.ended
    if run.started and run.started.together > 1:
        return None
    if not ended or ended.outcome != FINISHED or not run.forecast_seconds or not ended.fit_seconds:
        return None
    return ended.fit_seconds / run.forecast_seconds - 1


def _is_comparable(run: Run, config: RunConfig) -> bool:
    """Whether a run's duration is useful here: alone, whole epochs, without a resume, on the same device."""
    if run.shipped or not run.started or run.started.from_epoch or run.started.together > 1 or not run.epochs:
        return False
    return device_kind(run.config.device) == device_kind(config.device)


def _fit_prices(runs: list[Run]) -> np.ndarray:
    """The most likely prices after these runs: float64 (7,), all above zero.

    The fit uses logarithms: each run counts by its relative error, so long runs do not dominate. A price that these
    runs cannot determine keeps its prior.
    """
    rows = []
    for run in runs:
        assert run.started is not None
        trained = run.config.changed(epochs=run.epochs[-1].epoch)  # fewer if it was stopped
        plain = run.epochs[-1].seconds - trained.epochs * _redraw_seconds(trained, run.started.train_images)
        if plain > 0:
            costs = _costs(trained, run.started.train_images, compiles=not run.started.is_next_seed)
            rows.append(costs / plain)
    if not rows:
        return PRIOR
    from scipy.optimize import least_squares  # 20 MB and a quarter of a second, so only when needed

    shares = np.array(rows) * PRIOR  # each run's share of its duration for each price, float64 (runs, 7)
    # The last factor is common to all prices: how much slower this device is.
    each = np.hstack([np.eye(len(PRIOR)), np.ones((len(PRIOR), 1))])
    prior_rows = np.eye(len(PRIOR) + 1) / DEVICES_DIFFER

    def residuals(factors: np.ndarray) -> np.ndarray:
        predicted = np.log(shares @ np.exp(each @ factors))
        return np.concatenate([predicted / RUNS_DIFFER, prior_rows @ factors])

    def jacobian(factors: np.ndarray) -> np.ndarray:
        parts = shares * np.exp(each @ factors)
        return np.vstack([parts / parts.sum(axis=1, keepdims=True) @ each / RUNS_DIFFER, prior_rows])

    found = least_squares(residuals, np.zeros(len(PRIOR) + 1), jacobian).x
    return np.asarray(PRIOR * np.exp(each @ found))


def _costs(config: RunConfig, images: int, *, compiles: bool = True) -> np.ndarray:
    """How often a run pays each price: float64 (7,). Validation is a forward pass. Another seed compiles nothing."""
    batches = config.epochs * -(-images // config.batch_size)
    validated = {
        HELD_OUT: images / (HELD_OUT_DIVISOR - 1),
        TEST_SET: images / 6,
        NO_VALIDATION: 0.0,
    }[config.validate_on]
    passes = config.epochs * (FORWARD_AND_BACK * images + validated)
    arithmetic = [
        count_multiplications(config, ("dense",)),
        count_multiplications(config, ("conv",)),
        count_outputs(config, ("conv",)),
    ]
    updates = batches * count_parameters(config)
    return np.array([compiles, config.epochs, batches, *(passes * each for each in arithmetic), updates], float)


def _redraw_seconds(config: RunConfig, images: int) -> float:
    return images * AUGMENTED_SECONDS if config.redraws_images else 0.0
