"""Runs side by side: their figures, and in what they differ."""

import math

import pytest

from core.config.run_config import RunConfig
from core.evaluation import comparison, seal
from core.evaluation.comparison import describe_differences
from core.runs.events import EpochDone, RateChanged, RunEnded
from core.runs.timeline import EventFile
from tests.made_runs import make
from tests.unit.evaluation.rows import ELSEWHERE, HERE, IN_USE, OPEN, TEST_IMAGES, compared, row


def test_a_row_holds_what_the_run_reported(store, summaries):
    made = row(store, summaries, RunConfig(epochs=4, validate_on="test"), level=0.975, test=0.975)
    assert (made.state, made.parameters, made.device) == ("finished", 101_770, "CPU (2 cores)")
    assert made.validation == made.summary.saved_validation == made.score == 0.975
    low, high = made.test_interval
    # Wilson's interval is where the normal approximation, taken at its own ends, puts 9,750 of 10,000.
    for end in (low, high):
        assert abs(0.975 - end) / math.sqrt(end * (1 - end) / TEST_IMAGES) == pytest.approx(1.96, abs=1e-3)


def test_the_interval_belongs_to_the_test_images_that_the_run_has_read(store, summaries):
    assert row(store, summaries, OPEN, HERE, test=0.9).test_images == TEST_IMAGES
    elsewhere = row(store, summaries, OPEN, ELSEWHERE, test=0.9)
    assert (elsewhere.test, elsewhere.test_images, elsewhere.test_interval) == (0.9, None, None)
    made = row(store, summaries, RunConfig(validate_on="test"), ELSEWHERE, test=0.9)
    validated = comparison.build_row(made.run, store, summaries, IN_USE._replace(test_images=500))
    assert validated.test_images == validated.run.started.validation_images == 10_000
    assert validated.test_is_elsewhere
    assert elsewhere.test_is_elsewhere
    assert not row(store, summaries, OPEN, HERE, test=0.9).test_is_elsewhere


def test_test_figures_stay_empty_while_the_test_set_is_sealed(store, summaries):
    made = row(store, summaries)
    assert made.sealed
    assert seal.sealed(made.run)
    assert made.test is made.test_interval is None
    seal.open_test_set(made.run)
    assert not comparison.build_row(made.run, store, summaries, IN_USE).sealed


def test_patience_keeps_an_epoch_and_the_run_is_as_good_as_that_one(store, summaries):
    run = make(store, RunConfig(patience=1), outcome="interrupted")
    file = EventFile(run.events_path)
    for epoch, accuracy in ((6, 0.99), (7, 0.98)):
        file.append(EpochDone(8 * epoch, epoch, 0.4 * epoch, 0.1, 0.99, 0.001, 0.05, accuracy))
    file.append(RunEnded("finished", "", 9.0, epochs=7, best_epoch=5))
    file.close()
    made = comparison.build_row(store.get(run.id), store, summaries, IN_USE)
    assert (made.validation, made.summary.last_validation, made.score) == (0.99, 0.98, 0.97)
    (saved,) = [each for each in compared(made, made).results if each.what == "Accuracy of the saved network"]
    assert saved.first == "97.00%"


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


def test_zero_is_written_as_in_the_form_where_it_has_a_meaning_of_its_own():
    configs = [RunConfig(train_images=0), RunConfig(train_images=94)]
    assert describe_differences(configs) == ["training images all", "training images 94"]
    assert describe_differences([RunConfig(dropout=0.0), RunConfig(dropout=0.2)]) == ["dropout 0", "dropout 0.2"]
