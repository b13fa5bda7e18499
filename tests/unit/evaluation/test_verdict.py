"""Verdicts claim no more than the figures show."""

import numpy as np
import pytest
from scipy import stats

from core.config.run_config import RunConfig
from core.errors import DataError
from core.evaluation import verdict
from core.evaluation.evaluations import TEST, VALIDATION
from tests.unit.evaluation.rows import ELSEWHERE, HERE, OPEN, TEST_IMAGES, compared, personalised, rate_changed, row


def test_the_test_set_judges_where_it_is_open_for_both_and_validation_else(store, summaries):
    sealed, other = row(store, summaries), row(store, summaries, RunConfig(seed=2))
    opened = row(store, summaries, OPEN, test=0.98)
    assert compared(opened, row(store, summaries, OPEN, test=0.97)).split == TEST
    assert compared(sealed, other).split == VALIDATION
    # `opened` was trained on the validation images: they would flatter it.
    assert compared(sealed, opened).split is None
    assert "sealed" in compared(opened, sealed).obstacle


@pytest.mark.parametrize(("second", "words"), [(0.9800, "No clear winner: "), (0.9700, "more than luck")])
def test_accuracies_alone_give_the_verdict_of_a_chi_squared_test(second: float, words: str):
    found = verdict.accuracy_verdict(("A", "B"), 0.9810, second, TEST_IMAGES, TEST)
    right = np.array([9810, round(second * TEST_IMAGES)])
    p = stats.chi2_contingency(np.array([right, TEST_IMAGES - right]), correction=False).pvalue
    assert words in found.text
    assert found.clear == (p < 0.05) == ("more than" in words)
    assert f"{100 * (0.9810 - second):.2f} points" in found.text


def test_of_two_equal_accuracies_neither_is_better(store, summaries):
    # 0.97 as float32 has it, and as it is counted
    found = verdict.accuracy_verdict(("A", "B"), 0.97, float(np.float32(0.97)), TEST_IMAGES, TEST)
    assert found.text == "**No clear winner**: both are right on the same number of the 10,000 test images, 97.00%."
    assert not found.clear
    rows = [row(store, summaries, RunConfig(units=units, seed=seed)) for units in (64, 128) for seed in (1, 2)]
    assert "on average they are equal." in compared(rows[0], rows[2], rows).over_seeds.text


def test_image_by_image_a_small_difference_can_be_real(store, summaries, rng):
    first = rng.random(TEST_IMAGES) < 0.98
    second = first.copy()
    second[np.flatnonzero(~first)[:31]] = True  # 31 images more, and nothing lost: 0.31 points
    pair = compared(*(row(store, summaries, OPEN, test=0.98, name=name) for name in ("A", "B")))
    found = pair.by_images(first, second)
    assert found.clear
    assert found.text.startswith("**B** is better than A by 0.31 points, more than luck explains.")
    # The two accuracies alone cannot tell.
    assert not verdict.accuracy_verdict(("A", "B"), first.mean(), second.mean(), TEST_IMAGES, TEST).clear


def test_images_of_different_sets_are_not_compared(store, summaries):
    made = row(store, summaries)
    with pytest.raises(DataError, match="same images"):
        compared(made, made).by_images(np.ones(10, bool), np.ones(12, bool))


def test_accuracies_on_different_data_sets_are_not_compared(store, summaries):
    here, there = (row(store, summaries, OPEN, data, test=0.98) for data in (HERE, ELSEWHERE))
    found = compared(here, there)
    assert found.by_accuracy is None
    assert "different data sets" in found.no_accuracy
    images = "60,000 training images"
    assert ("Data set", f"{images}, fingerprint aaaa", f"{images}, fingerprint bbbb") in [
        (each.what, each.first, each.second) for each in found.differences
    ]
    unknown = row(store, summaries, OPEN, test=0.98)  # of an earlier version
    assert compared(here, unknown).by_accuracy is not None


def test_seeds_of_different_data_sets_do_not_decide(store, summaries):
    small = [row(store, summaries, RunConfig(units=64, seed=seed), HERE) for seed in (1, 2)]
    large = [row(store, summaries, RunConfig(units=256, seed=seed), ELSEWHERE) for seed in (1, 2)]
    assert compared(small[0], large[0], small + large).over_seeds is None
    other = row(store, summaries, RunConfig(units=64, seed=3), ELSEWHERE)
    assert {each.config.seed for each in verdict.repeated(small[0], [*small, other])} == {1, 2}


def test_seeds_decide_where_both_have_several(store, summaries, rng):
    small = [row(store, summaries, RunConfig(units=64, seed=s), level=0.970 + 0.001 * (s % 2)) for s in (1, 2, 3, 4)]
    large = [row(store, summaries, RunConfig(units=256, seed=s), level=0.980 + 0.001 * (s % 2)) for s in (1, 2, 3, 4)]
    found = compared(small[0], large[0], small + large).over_seeds
    assert found.clear
    assert "on validation images" in found.text
    assert "**units 256** is better than units 64 by 1.00 points, more than luck explains." in found.text
    assert compared(small[0], large[0], [small[0], large[0]]).over_seeds is None
    assert compared(small[0], small[1], small).over_seeds is None  # one experiment cannot be better than itself


def test_a_run_that_failed_is_no_repetition(store, summaries):
    rows = [row(store, summaries, RunConfig(seed=1)), row(store, summaries, RunConfig(seed=2), outcome="failed")]
    assert verdict.repeated(rows[0], rows) == [rows[0]]


def test_a_changed_or_personalised_run_is_none_of_the_seeds_that_decide(store, summaries):
    small, large = (
        [row(store, summaries, RunConfig(units=units, seed=seed), level=level + 0.001 * seed) for seed in (1, 2)]
        for units, level in ((64, 0.97), (256, 0.98))
    )
    found = compared(small[0], large[0], small + large).over_seeds
    odd = [
        rate_changed(store, summaries, RunConfig(units=64, seed=2), level=0.5),
        personalised(store, summaries, small[0].config),
    ]
    assert compared(small[0], large[0], odd + small + large).over_seeds == found
    assert all(compared(each, large[0], odd + small + large).over_seeds is None for each in odd)
