"""Random numbers that depend only on a run's seed, the epoch and the purpose."""

import numpy as np

ORDER, DISTORTIONS = 0, 1  # purposes


def random(seed: int, epoch: int, purpose: int) -> np.random.Generator:
    """The generator for one purpose in one epoch (0-based): a resumed run gets the same numbers."""
    return np.random.default_rng([seed, epoch, purpose])
