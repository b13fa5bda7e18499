"""How the learning rate goes over a run, worked out before it starts: the page draws it, training uses it."""

import numpy as np

from core.config.run_config import RunConfig

# An exponential run ends at a hundredth of its first rate; a cosine run at nothing.
EXPONENTIAL_END = 0.01
PLATEAU_PATIENCE = 2  # epochs without a better validation loss before `plateau` takes a tenth of the rate


def total_steps(config: RunConfig, images: int) -> int:
    """How many batches a run over `images` training images has, the short last one of each epoch included."""
    return config.epochs * -(-images // config.batch_size)


def learning_rates(config: RunConfig, total_steps: int) -> np.ndarray:
    """The learning rate of each step: float32 (steps,).

    `plateau` answers to what validation does, which nobody knows beforehand: here it is the line it starts as.
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
    """Whether the rate of each step is known beforehand and changes."""
    return config.schedule in ("cosine", "exponential")
