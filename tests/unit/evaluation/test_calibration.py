"""Confidence against accuracy, checked with scikit-learn and with networks whose answer is known."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from core.evaluation import calibration
from core.lesson import arithmetic


def sample(rng, temperature=1.0, images=20_000):
    """Labels drawn from the probabilities themselves, so they are calibrated, and logits; then these divided."""
    logits = rng.normal(0, 2, (images, 10))
    shares = arithmetic.softmax(logits)
    labels = (rng.random((images, 1)) > shares.cumsum(1)).sum(1).clip(0, 9).astype(np.uint8)
    return labels, calibration.scale_logits(logits, temperature)


def test_bins_are_those_of_scikit_learn(rng):
    labels, logits = sample(rng)
    probabilities = arithmetic.softmax(logits)
    found = calibration.reliability_curve(labels, probabilities, bins=10)
    right = probabilities.argmax(1) == labels
    accuracy, confidence = calibration_curve(right, probabilities.max(1), n_bins=10, strategy="uniform")
    filled = found.counts > 0
    np.testing.assert_allclose(found.accuracy[filled], accuracy)
    np.testing.assert_allclose(found.confidence[filled], confidence)
    assert (found.edges[:-1][filled] < found.confidence[filled]).all()
    assert (found.confidence[filled] <= found.edges[1:][filled]).all()


def test_expected_calibration_error_worked_by_hand():
    # Two images said with 0.95, one right: off by 0.45. Two said with 0.55, one right: off by 0.05.
    probabilities = np.zeros((4, 10))
    probabilities[:, 0], probabilities[:, 1] = [0.95, 0.95, 0.55, 0.55], [0.05, 0.05, 0.45, 0.45]
    found = calibration.reliability_curve(np.array([0, 5, 0, 5], np.uint8), probabilities)
    assert found.error == pytest.approx((2 * 0.45 + 2 * 0.05) / 4)
    assert found.counts.sum() == 4


def test_a_confidence_on_the_edge_belongs_to_the_bin_below():
    probabilities = np.zeros((1, 10))
    probabilities[0, :2] = 0.75, 0.25
    assert calibration.reliability_curve(np.array([0], np.uint8), probabilities, bins=4).counts.tolist() == [0, 0, 1, 0]


def test_a_calibrated_network_has_hardly_any_error(rng):
    labels, logits = sample(rng)
    assert calibration.reliability_curve(labels, arithmetic.softmax(logits)).error < 0.015


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_fitting_finds_the_temperature_that_corrects_overconfidence(rng, temperature):
    labels, logits = sample(rng, temperature)
    found = calibration.fit_temperature(labels, logits)
    assert found == pytest.approx(1 / temperature, rel=0.05)
    before, after = (
        calibration.reliability_curve(labels, arithmetic.softmax(each)).error
        for each in (logits, calibration.scale_logits(logits, found))
    )
    assert after < before / 3


def test_no_temperature_changes_an_answer(rng):
    _, logits = sample(rng, images=500)
    assert (calibration.scale_logits(logits, 3).argmax(1) == logits.argmax(1)).all()


def test_what_is_too_sure_for_a_probability_can_still_be_cooled():
    # In float32 the other nine are 0 and their order is lost; 40 of the 400 it leads by remain.
    logits = np.array([[400.0, 0, 10, 0, 0, 0, 0, 0, 0, 0]], np.float32)
    np.testing.assert_allclose(np.diff(calibration.scale_logits(logits, 10.0)[0, [2, 1, 0]]), [-1, 40])


def test_a_temperature_says_whether_a_network_is_overconfident():
    words = {0.7: "underconfident", 0.99: "well calibrated", 1.0: "well calibrated", 1.6: "overconfident"}
    assert {temperature: calibration.describe_confidence(temperature) for temperature in words} == words
