"""The searches against brute force, a case worked by hand, and errors that were planted."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from core.data import outliers
from core.data.projections import principal_axes


@pytest.fixture(scope="module")
def places(embedded):
    return principal_axes([embedded.train.images[:2000]]).project(embedded.train.images[:2000])


def test_nearest_training_is_scikit_learns_without_the_digit_itself(places):
    near, far = outliers.nearest_training(places, 1500, lambda share: None)
    theirs = NearestNeighbors(n_neighbors=6, algorithm="brute").fit(places[:1500])
    distances, indices = theirs.kneighbors(places)
    assert np.array_equal(near[:1500], indices[:1500, 1:])
    assert np.array_equal(near[1500:], indices[1500:, :5])
    assert far[1500:] == pytest.approx(distances[1500:, :5], abs=1e-2)


def test_confident_learning_worked_by_hand():
    # Mean self-confidence: label 0: (0.9 + 0.7 + 0.2) / 3 = 0.6, label 1: (0.8 + 0.6) / 2 = 0.7.
    labels = np.array([0, 0, 0, 1, 1])
    probabilities = np.zeros((5, 10))
    probabilities[:, 0] = [0.9, 0.7, 0.2, 0.2, 0.4]
    probabilities[:, 1] = [0.1, 0.3, 0.8, 0.8, 0.6]
    found = outliers.label_errors(labels, probabilities)
    assert found.positions.tolist() == [2]  # 0.8 ≥ 0.7: confidently a 1
    assert found.suggested.tolist() == [1]
    assert found.margins.tolist() == [pytest.approx(-0.6)]


def test_planted_label_errors_are_found_first(places, embedded, rng):
    labels = embedded.train.labels[:2000].copy()
    planted = rng.choice(2000, 60, replace=False)
    labels[planted] = (labels[planted] + rng.integers(1, 10, 60)) % 10
    probabilities = outliers.out_of_fold_probabilities(places, labels, lambda share: None)
    found = outliers.label_errors(labels, probabilities)
    truth = embedded.train.labels[:2000]
    first = found.positions[:30]
    assert np.isin(first, planted).mean() > 0.85
    assert np.isin(planted, found.positions).mean() > 0.6
    assert (found.suggested[:30] == truth[first]).mean() > 0.8


def test_no_digit_is_read_by_a_network_that_saw_it(places, embedded):
    # Random labels cannot be guessed; a network that had seen them would know some by heart.
    labels = np.random.default_rng(0).integers(0, 10, 1000)
    probabilities = outliers.out_of_fold_probabilities(places[:1000], labels, lambda share: None)
    assert (probabilities.argmax(axis=1) == labels).mean() < 0.16


def test_a_scribble_is_the_greatest_outlier(embedded, rng):
    images = embedded.train.images[:1000].copy()
    images[123] = rng.integers(0, 256, (28, 28))
    places = principal_axes([images]).project(images)
    _, far = outliers.nearest_training(places, 1000, lambda share: None)
    positions, distances = outliers.outliers(far, 5)
    assert positions[0] == 123
    assert distances.tolist() == sorted(distances, reverse=True)


def test_a_planted_copy_is_the_first_near_duplicate(embedded):
    images = embedded.train.images[:1000].copy()
    images[950] = images[17]
    images[950, 14, 14] ^= 1
    places = principal_axes([images]).project(images)
    near, far = outliers.nearest_training(places, 900, lambda share: None)
    pairs = outliers.near_duplicates(near, far, 900)
    assert pairs.shape == (100, 2)
    assert pairs[0].tolist() == [950, 17]


@pytest.mark.slow
def test_the_famous_label_error_is_found(real_mnist):
    # Training digit 59,915, a 7 labelled 4, stands in every list of MNIST's errors; the fold it lies in is enough.
    digits = real_mnist.training[np.r_[0:6000, 59_915]]
    places = principal_axes([digits.images]).project(digits.images)
    found = outliers.label_errors(
        digits.labels, outliers.out_of_fold_probabilities(places, digits.labels, lambda share: None)
    )
    at = found.positions.tolist().index(6000)
    assert found.suggested[at] == 7
