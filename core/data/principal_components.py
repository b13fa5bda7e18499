"""Principal component analysis: the directions in which data differ most."""

import numpy as np


def principal_directions(covariance: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The `count` strongest directions and each one's share of all variance: (features, count) and (count,).

    covariance: symmetric (features, features); a multiple of it gives the same result. Each direction has length 1. A
    direction and its opposite are equal, so the largest entry is made positive: maps look alike on all machines.
    """
    from scipy.linalg import eigh  # takes 0.1 s to import, and most results are kept in the home

    size = len(covariance)
    count = min(count, size)
    values, vectors = eigh(covariance, subset_by_index=(size - count, size - 1))  # ascending
    values, vectors = values[::-1], vectors[:, ::-1]
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(count)])
    return vectors, np.maximum(values, 0) / max(float(np.trace(covariance)), 1e-12)
