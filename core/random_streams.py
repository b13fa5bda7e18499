"""Streams of random numbers that follow from a run's seed, an epoch and a purpose alone."""

import numpy as np

ORDER, DISTORTIONS = 0, 1  # what a stream of an epoch is for


def random(seed: int, epoch: int, purpose: int) -> np.random.Generator:
    """The stream for one purpose in one epoch (0-based): a resumed run finds the same numbers again."""
    return np.random.default_rng([seed, epoch, purpose])
