"""Every figure twice: as the project counts it, and by scikit-learn or by hand."""

import math

import numpy as np
import pytest
from sklearn import metrics as sklearn

from core.errors import DataError
from core.evaluation import metrics
from core.lesson import arithmetic
from core.training.batching import Sums


@pytest.fixture
def answers(rng):
    """2,000 labels and a network that is right on most of them: (labels, logits)."""
    labels = rng.integers(0, 10, 2000).astype(np.uint8)
    logits = rng.normal(0, 1, (2000, 10))
    logits[np.arange(2000), labels] += 3
    return labels, logits.astype(np.float32)


def test_the_confusion_matrix_is_the_one_of_scikit_learn(answers):
    labels, logits = answers
    found = metrics.evaluate(labels, logits)
    np.testing.assert_array_equal(found.counts, sklearn.confusion_matrix(labels, logits.argmax(1)))
    assert found.counts.sum() == 2000


def test_per_digit_scores_are_those_of_scikit_learn(answers):
    labels, logits = answers
    found = metrics.evaluate(labels, logits)
    precision, recall, f1, support = sklearn.precision_recall_fscore_support(labels, logits.argmax(1))
    np.testing.assert_allclose(found.precision, precision)
    np.testing.assert_allclose(found.recall, recall)
    np.testing.assert_allclose(found.f1, f1)
    np.testing.assert_array_equal(found.support, support)


def test_accuracy_and_loss_are_those_of_scikit_learn(answers):
    labels, logits = answers
    found = metrics.evaluate(labels, logits)
    assert found.accuracy == pytest.approx(sklearn.accuracy_score(labels, logits.argmax(1)))
    assert found.loss == pytest.approx(sklearn.log_loss(labels, arithmetic.softmax(logits)), rel=1e-5)


def test_scores_of_a_matrix_worked_by_hand():
    # 4 zeros: 3 found, 1 taken for a one. 2 ones: both found.
    counts = np.zeros((10, 10), np.int64)
    counts[0, 0], counts[0, 1], counts[1, 1] = 3, 1, 2
    found = metrics.Evaluation(counts)
    assert found.accuracy == 5 / 6
    assert list(found.precision[:2]) == [1, 2 / 3]
    assert list(found.recall[:2]) == [3 / 4, 1]
    assert found.f1[0] == pytest.approx(6 / 7)
    assert found.f1[1] == pytest.approx(4 / 5)
    assert found.shares[0, 1] == 1 / 4


def test_a_digit_that_never_occurs_has_no_score_rather_than_zero():
    counts = np.zeros((10, 10), np.int64)
    counts[3, 3] = 1
    found = metrics.Evaluation(counts)
    assert math.isnan(found.recall[4])
    assert math.isnan(found.precision[4])
    assert math.isnan(found.f1[4])


def test_wilson_interval_is_the_one_scipy_computes():
    from scipy.stats import binomtest

    for right, images in ((9801, 10_000), (10_000, 10_000), (0, 50), (1, 2)):
        expected = binomtest(right, images).proportion_ci(0.95, method="wilson")
        assert metrics.wilson_interval(right, images) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_at_98_percent_of_10_000_the_interval_is_about_0_3_points():
    low, high = metrics.wilson_interval(9_800, 10_000)
    assert 0.0026 < (high - low) / 2 < 0.0030


@pytest.mark.parametrize("lead", [10.0, 50.0, 1000.0])
def test_a_mistake_costs_the_lead_of_the_wrong_digit_however_long_it_is(lead):
    # As a probability, the true digit's share would be cut off: by Keras at 16, by float32 at 103.
    labels, logits = np.array([1], np.uint8), lead * np.eye(10, dtype=np.float32)[:1]
    assert metrics.evaluate(labels, logits).loss == pytest.approx(lead + math.log1p(9 * math.exp(-lead)))


def test_the_loss_is_the_one_that_training_counts(answers):
    labels, logits = answers
    assert metrics.evaluate(labels, 40 * logits).loss == pytest.approx(
        Sums.from_logits(labels, 40 * logits).mean_loss, rel=1e-6
    )


def test_mistakes_come_surest_first_and_hits_least_sure_first():
    labels = np.array([0, 0, 0, 1, 1], np.uint8)
    confidence = np.array([0.6, 0.9, 0.7, 0.5, 0.8])
    predicted = np.array([1, 1, 0, 1, 1])
    probabilities = np.full((5, 10), 0.0)
    probabilities[np.arange(5), 9] = 1 - confidence
    probabilities[np.arange(5), predicted] = confidence
    assert metrics.confident_errors(labels, probabilities).tolist() == [1, 0]
    assert metrics.uncertain_correct(labels, probabilities).tolist() == [3, 2, 4]


def test_a_cell_lists_its_images_worst_first(answers):
    labels, logits = answers
    probabilities = arithmetic.softmax(logits)
    found = metrics.confusion_cell(labels, probabilities, 4, 9)
    assert len(found) == metrics.evaluate(labels, logits).counts[4, 9] > 1
    assert (labels[found] == 4).all()
    assert (probabilities[found].argmax(1) == 9).all()
    assert (np.diff(probabilities[found, 4]) >= 0).all()


def test_the_commonest_confusions_leave_the_diagonal_out():
    counts = np.diag(np.full(10, 50))
    counts[4, 9], counts[7, 2] = 3, 5
    assert metrics.Evaluation(counts).confusions() == [(7, 2, 5), (4, 9, 3)]


def test_softmax_applied_twice_never_passes_23_percent():
    once = np.eye(10)[3]
    assert arithmetic.softmax(once).max() == pytest.approx(math.e / (math.e + 9))


@pytest.mark.parametrize("shape", [(5, 10), (6, 9), (6,)])
def test_logits_of_another_shape_are_refused(shape):
    with pytest.raises(DataError, match="one row for each label"):
        metrics.evaluate(np.zeros(6, np.uint8), np.zeros(shape))


def test_a_network_that_ran_away_is_named_as_such():
    with pytest.raises(DataError, match="lower learning rate"):
        metrics.evaluate(np.zeros(1, np.uint8), np.full((1, 10), np.nan))


def test_counts_of_another_shape_are_refused():
    with pytest.raises(DataError, match="Received: 'int64"):
        metrics.Evaluation(np.zeros((3, 3), np.int64))


def test_nothing_at_all_gives_an_interval_that_says_so():
    empty = metrics.evaluate(np.zeros(0, np.uint8), np.zeros((0, 10)))
    assert math.isnan(empty.accuracy)
    assert empty.interval == (0, 1)
