"""The images on which two networks differ, in small cases."""

import numpy as np
import pytest

from core.evaluation.disagreement import BOTH_WRONG, DISAGREE, KINDS, ONLY_FIRST, ONLY_SECOND, select_images
from core.evaluation.evaluations import Predictions


def predictions(labels: list[int], predicted: list[int], confidence: list[float]) -> Predictions:
    logits = np.zeros((len(labels), 10), np.float32)
    logits[np.arange(len(labels)), predicted] = confidence
    return Predictions(np.array(labels, np.uint8), logits)


@pytest.mark.parametrize(
    ("kind", "images"),
    [(DISAGREE, [3, 1, 2]), (ONLY_FIRST, [1]), (ONLY_SECOND, [2]), (BOTH_WRONG, [3, 4])],
)
def test_the_images_of_each_kind_come_with_the_largest_difference_first(kind, images):
    labels = [0, 1, 2, 3, 4]
    first = predictions(labels, [0, 1, 5, 6, 7], [9, 3, 2, 9, 5])
    second = predictions(labels, [0, 8, 2, 7, 7], [1, 3, 2, 9, 5])
    assert select_images(first, second, kind).tolist() == images
    assert kind in KINDS
