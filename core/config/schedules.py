"""The learning rate of every step, computed before the run starts: the page draws it and training uses it."""

import numpy as np

from core.config.run_config import RunConfig

# An exponential schedule ends at a hundredth of the first rate; a cosine schedule ends at 0.
EXPONENTIAL_END = 0.01
# `one-cycle` rises in a straight line from a small share of the learning rate to all of it, then falls as a cosine.
ONE_CYCLE_START, ONE_CYCLE_RISE = 0.04, 0.3  # share of the learning rate; share of the steps
PLATEAU_PATIENCE = 2  # epochs without a better validation loss before `plateau` divides the rate by ten


def total_steps(config: RunConfig, images: int) -> int:
    """The number of batches of a run with `images` training images, with the short last batch of each epoch."""
    return config.epochs * -(-images // config.batch_size)


def learning_rates(config: RunConfig, total_steps: int) -> np.ndarray:
    """The learning rate of each step: float32 (steps,).

    `plateau` depends on the validation loss, which is not known in advance: here it is constant.
    """
    progress = np.arange(total_steps) / max(total_steps, 1)
    match config.schedule:
        case "cosine":
            shape = (1 + np.cos(np.pi * progress)) / 2
        case "exponential":
            shape = EXPONENTIAL_END**progress
        case "one-cycle":
            rise = rising_steps(total_steps)
            rising = ONE_CYCLE_START + (1 - ONE_CYCLE_START) * np.arange(rise) / max(rise, 1)
            falling = (1 + np.cos(np.pi * np.arange(total_steps - rise) / max(total_steps - rise, 1))) / 2
            shape = np.concatenate([rising, falling])
        case _:
            shape = np.ones(total_steps)
    return (config.learning_rate * shape).astype(np.float32)


def rising_steps(total_steps: int) -> int:
    """The number of steps in which `one-cycle` rises."""
    return round(total_steps * ONE_CYCLE_RISE)


def has_step_schedule(config: RunConfig) -> bool:
    """Whether the rate changes in a way that is known in advance."""
    return config.schedule in ("cosine", "exponential", "one-cycle")
