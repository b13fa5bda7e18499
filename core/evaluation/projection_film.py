"""A cloud of images that moves from moment to moment without turning, and when each image was learned."""

from collections.abc import Sequence

import numpy as np

from core.runs.moment import Moment


def align_maps(moments: Sequence[Moment]) -> list[np.ndarray]:
    """The positions of each moment, rotated or reflected onto those of the moment before: float32 (n, 2) each."""
    return procrustes([moment.positions for moment in moments])


def procrustes(clouds: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Each cloud, centred at 0 and rotated or reflected onto the one before; its scale stays.

    P. Schönemann, A generalized solution of the orthogonal Procrustes problem, 1966. A cloud with numbers that are not
    finite is replaced by the one before.
    """
    turned: list[np.ndarray] = []
    for cloud in clouds:
        if not np.isfinite(cloud).all():
            turned.append(turned[-1] if turned else np.zeros_like(cloud))
            continue
        centred = cloud.astype(np.float64) - cloud.mean(axis=0)
        if turned:
            left, _, right = np.linalg.svd(centred.T @ turned[-1])
            centred = centred @ left @ right
        turned.append(centred.astype(np.float32))
    return turned


def predictions(moments: Sequence[Moment]) -> np.ndarray:
    """The most probable digit of each fixed image at each moment: uint8 (moments, images)."""
    return np.stack([moment.probabilities.argmax(axis=1) for moment in moments]).astype(np.uint8)


def learning_order(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The images by how late they were learned for good, those first that were right from the start: int (images,).

    predicted: (moments, images). An image that is wrong at the last moment comes last.
    """
    wrong = predicted != labels
    last_wrong = np.where(wrong.any(axis=0), len(wrong) - wrong[::-1].argmax(axis=0), 0)
    return np.lexsort((wrong.sum(axis=0), last_wrong))
