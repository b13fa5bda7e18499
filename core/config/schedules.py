"""The learning rate of every step, computed before the run starts: the page draws it and training uses it."""

import numpy as np

from core.config.run_config import RunConfig

# An exponential schedule ends at a hundredth of the first rate; a cosine schedule ends at 0.
EXPONENTIAL_END = 0.01
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
        case _:
            shape = np.ones(total_steps)
    return (config.learning_rate * shape).astype(np.float32)


def has_step_schedule(config: RunConfig) -> bool:
    """Whether the rate changes in a way that is known in advance."""
    return config.schedule in ("cosine", "exponential")
