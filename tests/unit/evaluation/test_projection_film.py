"""Projections that do not turn from one moment to the next, and the order in which images were learned."""

import numpy as np

from core.evaluation.projection_film import learning_order, procrustes


def cloud() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(40, 2)).astype(np.float32)


def test_a_rotated_and_mirrored_cloud_is_turned_back():
    first = cloud()
    turn = np.array([[0.6, 0.8], [0.8, -0.6]])  # a reflection: its determinant is -1
    before, after = procrustes([first, (first @ turn + 5).astype(np.float32)])
    np.testing.assert_allclose(after, before, atol=1e-5)


def test_the_scale_stays():
    first = cloud()
    _, after = procrustes([first, 3 * first])
    assert np.linalg.norm(after) > 2.9 * np.linalg.norm(first - first.mean(axis=0))


def test_a_cloud_that_is_no_number_is_replaced_by_the_one_before():
    first, second = procrustes([cloud(), np.full((40, 2), np.nan, np.float32)])
    np.testing.assert_array_equal(first, second)


def test_images_are_sorted_by_how_late_they_were_learned():
    labels = np.array([1, 1, 1, 1], np.uint8)
    predicted = np.array([[0, 1, 0, 1], [0, 1, 1, 0], [0, 1, 1, 1]], np.uint8)
    # Image 1 is always right; 2 is right from the second moment, 3 from the third, 0 never.
    assert learning_order(predicted, labels).tolist() == [1, 2, 3, 0]
