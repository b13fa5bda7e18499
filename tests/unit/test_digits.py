"""An image becomes one data URI, and nothing else is accepted."""

import numpy as np
import pytest

from core.digits import Digits
from core.errors import DataError

IMAGES, LABELS = np.zeros((4, 28, 28), np.uint8), np.array([0, 1, 1, 9])


def test_digits_count_and_choose():
    digits = Digits(IMAGES, LABELS)
    assert len(digits) == 4
    assert digits.counts.tolist() == [1, 2, 0, 0, 0, 0, 0, 0, 0, 1]
    assert digits[digits.labels == 1].labels.tolist() == [1, 1]
    assert [label for _, label in digits[:2]] == [0, 1]


@pytest.mark.parametrize(
    ("images", "labels", "complaint"),
    [
        (IMAGES.astype(np.float32), LABELS, "uint8"),
        (IMAGES[:, :20], LABELS, r"\(n, 28, 28\)"),
        (IMAGES, LABELS[:3], "one for each of the 4 images"),
        (IMAGES, LABELS.astype(float), "whole numbers"),
        (IMAGES, np.array([0, 1, 2, 10]), "between 0 and 9.*Received: '0 to 10'"),
        (IMAGES, np.array([0, 1, 2, -1]), "between 0 and 9.*Received: '-1 to 2'"),
    ],
)
def test_anything_else_is_refused_in_a_sentence(images: np.ndarray, labels: np.ndarray, complaint: str):
    with pytest.raises(DataError, match=complaint):
        Digits(images, labels)
