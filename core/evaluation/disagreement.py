"""Images on which two networks differ, sorted by how much."""

import numpy as np

from core.evaluation.evaluations import Predictions

DISAGREE, ONLY_FIRST, ONLY_SECOND, BOTH_WRONG = KINDS = "disagree", "first", "second", "both"


def select_images(first: Predictions, second: Predictions, kind: str) -> np.ndarray:
    """Indices of the images of one kind, int64. Those whose probabilities differ most come first.

    kind: the two predict different digits, only one of them is right, or both are wrong.
    """
    mask = {
        DISAGREE: first.predicted != second.predicted,
        ONLY_FIRST: first.right & ~second.right,
        ONLY_SECOND: ~first.right & second.right,
        BOTH_WRONG: ~first.right & ~second.right,
    }[kind]
    found = np.flatnonzero(mask)
    difference = np.abs(first.probabilities[found] - second.probabilities[found]).sum(axis=1)
    return found[np.argsort(-difference, kind="stable")]
