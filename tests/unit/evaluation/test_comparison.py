"""Runs side by side: figures computed in two ways, and verdicts that claim no more than the figures show."""

import errno
import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from core import files
from core.config.run_config import RunConfig
from core.errors import DataError
from core.evaluation import comparison, curve_bands, grouping, seal, verdict
from core.evaluation.comparison import RunRow, describe_differences
from core.evaluation.evaluations import TEST, VALIDATION
from core.evaluation.verdict import Comparison
from core.runs.events import BatchDone, EpochDone, RateChanged, RunEnded, to_line
from core.runs.store import RunStore
from core.runs.summaries import POINTS, Summaries, thin
from core.runs.timeline import EventFile
from tests.made_runs import make

TEST_IMAGES = 10_000


@pytest.fixture
def store(tmp_path) -> RunStore:
    return RunStore(tmp_path)


@pytest.fixture
def summaries() -> Summaries:
    return Summaries()


def row(store: RunStore, summaries: Summaries, config: RunConfig | None = None, **made) -> RunRow:
    return comparison.build_row(make(store, config, **made), store, summaries, TEST_IMAGES)


def compared(first: RunRow, second: RunRow, found: Sequence[RunRow] = ()) -> Comparison:
    return verdict.compare(first, second, found, validation_images=6_000)


OPEN = RunConfig(validate_on="none")


# Rows and summaries


def test_a_row_holds_what_the_run_reported(store, summaries):
    made = row(store, summaries, RunConfig(epochs=4, validate_on="test"), level=0.975, test=0.975)
    assert (made.state, made.parameters, made.device) == ("finished", 101_770, "CPU (2 cores)")
    assert made.validation == made.summary.saved_validation == made.score == 0.975
    low, high = made.test_interval
    # Wilson's interval is where the normal approximation, taken at its own ends, puts 9,750 of 10,000.
    for end in (low, high):
        assert abs(0.975 - end) / math.sqrt(end * (1 - end) / TEST_IMAGES) == pytest.approx(1.96, abs=1e-3)


def test_test_figures_stay_empty_while_the_test_set_is_sealed(store, summaries):
    made = row(store, summaries)
    assert made.sealed
    assert seal.sealed(made.run)
    assert made.test is made.test_interval is None
    seal.open_test_set(made.run)
    assert not comparison.build_row(made.run, store, summaries, TEST_IMAGES).sealed


def test_a_summary_is_kept_and_made_again_when_the_run_goes_on(store, summaries):
    run = make(store, RunConfig(epochs=2), level=0.95)
    first = summaries.get(run)
    assert (run.folder / "summary.json").exists()
    assert Summaries().get(run) == first  # another server reads what was kept
    file = EventFile(run.events_path)
    file.append(EpochDone(120, 3, 6.0, 0.1, 0.99, 0.001, 0.05, 0.985))
    file.append(RunEnded("finished", "", 9.0, epochs=3))
    file.close()
    assert summaries.get(run).best_validation == Summaries().get(run).best_validation == 0.985


def test_a_damaged_summary_is_made_again(store, summaries):
    run = make(store)
    first = summaries.get(run)
    (run.folder / "summary.json").write_text('{"stamp": [1')
    (run.folder / "curve.npy").write_bytes(b"no curve")
    assert Summaries().get(run) == first
    assert len(Summaries().curve(run).loss)


def test_on_a_full_disk_runs_can_still_be_compared(store, summaries, monkeypatch):
    run = make(store)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    assert summaries.get(run).best_validation == 0.97
    assert len(summaries.curve(run).loss) == 40
    assert not (run.folder / "summary.json").exists()


def test_a_long_curve_is_thinned_to_means_and_keeps_its_end(store, summaries):
    run = make(store, RunConfig(epochs=5), points=2000)
    curve = summaries.curve(run)
    lines = [event for event in run.events()[0] if isinstance(event, BatchDone)]
    assert len(curve.step) == POINTS < len(lines) == 2000
    assert curve.step[-1] == lines[-1].step
    assert curve.epoch[-1] == pytest.approx(5.0)
    pieces = np.array_split(np.array([event.loss for event in lines]), POINTS)
    # Pieces as equal as can be: whichever of them get one point more, the mean of all stays.
    sizes = np.diff([0, *curve.step])
    assert float(np.average(curve.loss, weights=sizes)) == pytest.approx(float(np.concatenate(pieces).mean()), rel=1e-5)


def test_thinning_leaves_a_short_curve_alone():
    rows = np.arange(50.0).reshape(10, 5)
    assert thin(rows, 10) is rows


def test_patience_keeps_an_epoch_and_the_run_is_as_good_as_that_one(store, summaries):
    run = make(store, RunConfig(patience=1), outcome="interrupted")
    file = EventFile(run.events_path)
    for epoch, accuracy in ((6, 0.99), (7, 0.98)):
        file.append(EpochDone(8 * epoch, epoch, 0.4 * epoch, 0.1, 0.99, 0.001, 0.05, accuracy))
    file.append(RunEnded("finished", "", 9.0, epochs=7, best_epoch=5))
    file.close()
    made = comparison.build_row(store.get(run.id), store, summaries, TEST_IMAGES)
    assert (made.validation, made.summary.last_validation, made.score) == (0.99, 0.98, 0.97)
    (saved,) = [each for each in compared(made, made).results if each.what == "Accuracy of the saved network"]
    assert saved.first == "97.00%"


# Groups, curves and bands


def test_groups_follow_the_values_of_the_knob_and_say_how_good_they_are(store, summaries):
    rows = [row(store, summaries, RunConfig(units=units), level=level)
            for units, level in ((256, 0.98), (64, 0.96), (64, 0.97))]  # fmt: skip
    groups = grouping.group_by_knob(rows, "units")
    assert [(group.value, len(group.rows)) for group in groups] == [(64, 2), (256, 1)]
    assert groups[0].title == "Units 64 · 2 runs · best validation 96.50% ± 0.71, highest 97.00%"


def test_a_group_says_what_else_differs_within_it(store, summaries):
    configs = [RunConfig(units=64, epochs=2), RunConfig(units=64, optimizer="sgd", seed=2), RunConfig(units=128)]
    groups = grouping.group_by_knob([row(store, summaries, config) for config in configs], "units")
    assert groups[0].title.endswith(" · these also differ in optimiser, epochs, seed")
    assert "differ" not in groups[1].title


def test_a_run_on_which_the_knob_has_no_effect_is_in_no_group_of_its_values(store, summaries):
    # "Dropout 0" held a convolutional network.
    plain, convolutional = row(store, summaries), row(store, summaries, RunConfig(network="conv8x3-pool2-dense64"))
    groups = grouping.group_by_knob([plain, convolutional], "dropout")
    assert [(group.value, group.rows) for group in groups] == [(0.0, [plain]), (None, [convolutional])]
    assert "Dropout has no effect" in groups[1].title


def test_seeds_of_one_config_are_one_experiment(store, summaries):
    rows = [row(store, summaries, RunConfig(units=units, seed=seed)) for units in (64, 128) for seed in (1, 2, 3)]
    assert [len(group) for group in grouping.group_by_experiment(rows)] == [3, 3]


def rate_changed(store: RunStore, summaries: Summaries, config: RunConfig, **made) -> RunRow:
    """A row whose learning rate was set by hand on the way."""
    run = make(store, config, **made)
    lines = run.events_path.read_text().splitlines(keepends=True)
    run.events_path.write_text("".join([*lines[:-1], to_line(RateChanged(20, 3, 1.0, 0.01)), lines[-1]]))
    return comparison.build_row(store.get(run.id), store, summaries, TEST_IMAGES)


def personalised(store: RunStore, summaries: Summaries, config: RunConfig) -> RunRow:
    """A row as `save_copy` leaves it: a network and a last word, and no epoch."""
    run = store.create(config)
    run.model_path.write_bytes(b"weights")
    file = EventFile(run.events_path)
    file.append(RunEnded("finished", "", 1.0, 4))
    file.close()
    return comparison.build_row(store.get(run.id), store, summaries, TEST_IMAGES)


def test_only_what_repeats_an_experiment_counts_as_one_of_its_seeds(store, summaries):
    seeds = [row(store, summaries, RunConfig(seed=seed)) for seed in (1, 2, 3)]
    others = [
        rate_changed(store, summaries, RunConfig(seed=4)),
        personalised(store, summaries, RunConfig(seed=5)),
        row(store, summaries, RunConfig(seed=6), outcome="stopped"),  # would end the band where it was stopped
        row(store, summaries, RunConfig(seed=1)),  # the same curve once more would narrow the band
    ]
    found = grouping.group_by_experiment([*others[:3], *seeds, others[3]])
    assert found == [*([each] for each in others[:3]), seeds, [others[3]]]


def test_a_band_is_the_mean_and_one_deviation_of_the_curves():
    x = np.arange(3.0)
    values = np.array([[1.0, 2.0, 4.0], [3.0, 2.0, 0.0], [2.0, 5.0, 2.0]])
    found = curve_bands.band([(x, y) for y in values])
    assert found.mean == pytest.approx([2.0, 3.0, 2.0])
    assert found.high - found.mean == pytest.approx([1.0, math.sqrt(3), 2.0])
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


def test_a_band_reaches_as_far_as_all_its_curves():
    short, long = (np.array([1.0, 2.0]),) * 2, (np.array([0.0, 1.0, 3.0]),) * 2
    found = curve_bands.band([short, long], points=5)
    assert (found.x[0], found.x[-1]) == (1.0, 2.0)
    assert found.mean == pytest.approx(found.x)  # both are y = x, whatever their points
    assert found.high == pytest.approx(found.low)


def test_smoothing_starts_at_the_first_point_and_tends_to_a_constant():
    assert curve_bands.exponential_average(np.array([5.0, 5.0, 5.0]), 0.9) == pytest.approx([5.0, 5.0, 5.0])
    weights = 0.5 ** np.arange(3)[::-1]  # by hand: the newest counts 1, the one before a half, then a quarter
    assert curve_bands.exponential_average(np.array([1.0, 2.0, 4.0]), 0.5)[-1] == pytest.approx(
        np.average([1, 2, 4], weights=weights)
    )
    assert np.isfinite(curve_bands.exponential_average(np.array([1.0, math.nan, 2.0]), 0.5)).all()


def test_only_what_differs_is_reported(store, summaries):
    first, second = row(store, summaries, RunConfig(units=64)), row(store, summaries, RunConfig(units=128, dropout=0.2))
    found = [(each.what, each.first, each.second) for each in compared(first, second).differences]
    assert found == [("Units", "64", "128"), ("Dropout", "0", "0.2")]
    assert compared(first, first).differences == []
    assert compared(first, second).names == ("units 64, dropout 0", "units 128, dropout 0.2")


def test_a_learning_rate_set_by_hand_sets_two_runs_apart(store, summaries):
    plain, rate_changed = row(store, summaries), row(store, summaries)
    events = EventFile(rate_changed.run.events_path)
    events.append(RateChanged(20, 3, 1.0, 0.01))
    events.close()
    (found,) = compared(plain, rate_changed).differences
    assert (found.what, found.first, found.second) == ("Learning rate changed during training", "–", "0.01 in epoch 3")


def test_an_accuracy_on_the_test_set_is_called_one(store, summaries):
    held_out, on_test = row(store, summaries), row(store, summaries, RunConfig(validate_on="test"), test=0.97)
    best, kept = compared(held_out, on_test).results[:2]
    assert (best.first, best.second) == (kept.first, kept.second) == ("97.00%", "97.00% of the test set")


# Verdicts


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


def test_zero_is_written_as_in_the_form_where_it_has_a_meaning_of_its_own():
    configs = [RunConfig(train_images=0), RunConfig(train_images=94)]
    assert describe_differences(configs) == ["training images all", "training images 94"]
    assert describe_differences([RunConfig(dropout=0.0), RunConfig(dropout=0.2)]) == ["dropout 0", "dropout 0.2"]
