"""Whether a difference may be luck: checked with textbook figures, by hand, and by simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from core.errors import DataError
from core.evaluation import significance


def rights(only_first, only_second, both=100, neither=10):
    """Two bool arrays with so many images that only one of them has right."""
    first = [True] * only_first + [False] * only_second + [True] * both + [False] * neither
    second = [False] * only_first + [True] * only_second + [True] * both + [False] * neither
    return np.array(first), np.array(second)


def test_the_textbook_example_of_mcnemars_test():
    # 121 and 59 discordant pairs: (|121 − 59| − 1)² / 180 = 20.67, one degree of freedom.
    found = significance.mcnemar(*rights(121, 59))
    assert (found.only_first, found.only_second) == (121, 59)
    assert found.p == pytest.approx(stats.chi2.sf(61**2 / 180, 1))
    assert found.is_significant


def test_few_disagreements_are_counted_exactly_by_hand():
    # 1 against 5: two tails of six coin tosses, 2 · (1 + 6) / 64.
    assert significance.mcnemar_p(1, 5) == pytest.approx(14 / 64)
    assert significance.mcnemar_p(0, 10) == pytest.approx(2 / 1024)


def test_no_disagreement_proves_nothing():
    assert significance.mcnemar_p(0, 0) == 1.0


def test_equally_good_networks_are_rarely_distinguished(rng):
    tosses = rng.binomial(60, 0.5, 2000)
    false_alarms = np.mean([significance.mcnemar_p(int(t), 60 - int(t)) < 0.05 for t in tosses])
    assert 0.01 < false_alarms < 0.06


def test_networks_on_different_images_are_not_compared():
    with pytest.raises(DataError, match="same images"):
        significance.mcnemar(np.ones(10, bool), np.ones(11, bool))


def test_the_verdict_names_the_better_one_the_points_and_the_luck():
    found = significance.verdict(("A", "B"), *rights(10, 41, both=9_900, neither=49))
    assert found.clear
    assert found.text.startswith("**B** is better than A by 0.31 points, more than luck explains.")
    assert "B alone is right on 41 and A alone on 10" in found.text


def test_a_small_difference_has_no_clear_winner():
    found = significance.verdict(("A", "B"), *rights(20, 22))
    assert not found.clear
    assert found.text.startswith("**No clear winner: 1.32 points may be luck.**")
    assert "p = " in found.text


def test_a_probability_too_small_to_matter_is_not_spelt_out():
    text = significance.verdict(("A", "B"), *rights(0, 60)).text
    assert "fewer than 1 of 1,000" in text
    assert "p < 0.001" in text


def test_a_tie_is_called_a_tie():
    found = significance.verdict(("A", "B"), *rights(4, 4))
    assert "same number" in found.text
    assert not found.clear


def test_spread_is_mean_and_sample_deviation():
    found = significance.seed_statistics([0.97, 0.98, 0.99])
    assert (found.seeds, found.mean) == (3, pytest.approx(0.98))
    assert found.deviation == pytest.approx(0.01)
    assert math.isnan(significance.seed_statistics([0.9]).deviation)


def test_seeds_decide_by_welchs_test():
    first, second = [0.970, 0.971, 0.969], [0.980, 0.985, 0.975, 0.981]
    assert significance.welch_p(first, second) == pytest.approx(stats.ttest_ind(first, second, equal_var=False).pvalue)
    real = significance.seed_verdict(("A", "B"), first, second)
    assert real.clear
    assert "**B** is better than A by 1.03 points, more than luck explains." in real.text
    luck = significance.seed_verdict(("A", "B"), first, [0.9705, 0.9695, 0.9702])
    assert not luck.clear
    assert "No clear winner: 0.01 points may be luck" in luck.text


def test_the_interval_of_a_mean_is_students():
    values = [0.970, 0.975, 0.983, 0.974]
    expected = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert significance.mean_interval(values) == pytest.approx(expected)
    assert significance.mean_interval([0.97]) is None


def test_an_interval_of_accuracies_ends_at_0_and_1():
    """Two seeds give a very wide one: Train said that the mean is between 87.65% and 100.57%."""
    assert significance.mean_interval([0.936, 0.9462])[1] == 1.0
    assert significance.mean_interval([0.01, 0.05])[0] == 0.0


def test_holms_correction_by_hand():
    # Sorted: 0.01 × 4, 0.02 × 3, 0.03 × 2, 0.5 × 1, and none below the one before it.
    assert significance.holm([0.5, 0.01, 0.03, 0.02]) == pytest.approx([0.5, 0.04, 0.06, 0.06])
    assert significance.holm([]) == []
    assert significance.holm([0.9, 0.8]) == [1.0, 1.0]


def test_corrected_comparisons_of_equal_networks_rarely_find_a_difference(rng):
    found = 0
    for _ in range(200):
        groups = rng.normal(0.97, 0.002, (4, 5))
        p = [significance.welch_p(list(groups[i]), list(groups[j])) for i in range(4) for j in range(i)]
        found += min(significance.holm(p)) < 0.05
    assert found / 200 < 0.09


def test_one_seed_gives_no_verdict_over_seeds():
    assert significance.seed_verdict(("A", "B"), [0.97], [0.98, 0.99]) is None


def test_seeds_that_all_agree_are_survived():
    assert significance.welch_p([0.98, 0.98], [0.98, 0.98]) == 1.0
    assert significance.welch_p([0.98, 0.98], [0.97, 0.97]) == 0.0
