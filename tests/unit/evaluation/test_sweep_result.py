"""The result of a sweep: means over seeds, significant differences, and more seeds if it cannot tell."""

import numpy as np
import pytest
from scipy import stats

from core.config.run_config import RunConfig
from core.evaluation.sweep_result import SweepResult, more_seeds, sweep_result

SMALL = (0.960, 0.961, 0.962)
LARGE = (0.980, 0.981, 0.979)
NEAR = (0.9795, 0.9812, 0.9790)  # no worse than LARGE, as far as three seeds can tell


def result(**accuracies: tuple[float, ...]) -> SweepResult:
    """A sweep over units (`u64=…`) and the seed."""
    runs = [
        (RunConfig(units=int(name[1:]), seed=seed), accuracy)
        for name, values in accuracies.items()
        for seed, accuracy in enumerate(values, start=1)
    ]
    return sweep_result(("units", "seed"), tuple(runs))


def test_each_value_has_the_mean_and_interval_of_its_seeds():
    found = result(u256=LARGE, u64=SMALL)
    assert [setting.name for setting in found.settings] == ["units 64", "units 256"]
    assert found.settings[0].accuracies == SMALL
    assert found.settings[0].mean == pytest.approx(0.961)
    assert found.settings[0].interval == pytest.approx(
        stats.t.interval(0.95, 2, loc=np.mean(SMALL), scale=stats.sem(SMALL))
    )
    assert found.best.name == "units 256"


def test_a_clear_winner_is_named_with_its_distance_to_the_next():
    found = result(u64=SMALL, u128=tuple(value - 0.003 for value in SMALL), u256=LARGE)
    assert found.verdict.clear
    assert found.verdict.text.startswith("**units 256** is the best: better than the next by 1.90 points, more than")


def test_values_that_may_be_equally_good_have_no_clear_winner():
    found = result(u64=SMALL, u128=NEAR, u256=LARGE)
    assert not found.verdict.clear
    assert found.verdict.text.startswith(
        "**No clear winner: 0.01 points may be luck.** units 256 is ahead of units 128"
    )
    assert [setting.name for setting in found.contenders] == ["units 128", "units 256"]


def test_a_setting_with_too_few_seeds_is_not_called_luck():
    found = result(u64=SMALL, u128=NEAR, u256=LARGE, u512=(LARGE[0] - 1e-6,))
    assert found.verdict.text == (
        "**No clear winner: 0.01 points may be luck.** units 256 is ahead of units 128 on average. "
        "1 other setting has too few seeds."
    )
    found = result(u64=SMALL, u256=LARGE, u512=(0.999,))  # the one seed of 512 units is the best
    assert not found.verdict.clear
    assert found.verdict.text.startswith("**No clear winner yet: too few seeds.** units 512 is ahead of units 256")
    assert "luck" not in found.verdict.text


def test_the_comparisons_are_corrected_for_their_number():
    found = result(u64=SMALL, u128=NEAR, u256=LARGE)
    alone = stats.ttest_ind(SMALL, LARGE, equal_var=False).pvalue
    (pair,) = [pair for pair in found.pairs if (pair.better.name, pair.worse.name) == ("units 256", "units 64")]
    assert alone < pair.p <= 3 * alone + 1e-12


def test_equal_networks_are_rarely_distinguished(rng):
    clear = 0
    for _ in range(100):
        values = {f"u{units}": tuple(rng.normal(0.97, 0.002, 5)) for units in (16, 32, 64, 128)}
        clear += result(**values).verdict.clear
    assert clear <= 8


def test_the_seed_is_a_repetition_and_never_a_setting():
    found = sweep_result(("seed",), tuple((RunConfig(seed=seed), 0.97 + seed / 1000) for seed in (1, 2, 3)))
    assert len(found.settings) == 1
    assert found.settings[0].summary == "97.20% ± 0.10 over 3 seeds"
    assert found.verdict is None


def test_one_run_for_each_value_gives_no_verdict():
    found = result(u64=(0.96,), u256=(0.98,))
    assert found.verdict is None
    assert not found.is_repeated
    assert found.settings[0].interval is None
    assert len(found.contenders) == 2


def test_more_seeds_are_new_ones_for_the_settings_that_may_be_the_best():
    found = result(u64=SMALL, u128=NEAR, u256=LARGE)
    added = more_seeds(found, 2, settings=5)
    assert sorted((config.units, config.seed) for config in added) == [(128, 4), (128, 5), (256, 4), (256, 5)]
    uneven = more_seeds(result(u64=(0.96,), u256=(0.98, 0.97)), 1, settings=5)
    assert sorted((config.units, config.seed) for config in uneven) == [(64, 2), (64, 3), (256, 3)]


def test_of_many_settings_only_the_best_get_more_seeds():
    found = result(**{f"u{units}": (0.9 + units / 10_000,) for units in range(10, 90, 10)})
    assert {config.units for config in more_seeds(found, 2, settings=3)} == {60, 70, 80}
