"""The coach: each rule gives its advice when its problem is there, and none when it is not."""

import math
from dataclasses import replace

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.evaluation import coach
from core.evaluation.diagnostics import RunDiagnostics, Sample
from core.runs.events import BatchDone, EpochDone, RateChanged, RunEnded


def batches(*losses: float, accuracy: float = 0.5, apart: int = 50) -> list[BatchDone]:
    return [BatchDone(apart * (i + 1), 1, i + 1, i / 10, loss, accuracy, 1000.0) for i, loss in enumerate(losses)]


def epochs(validation: list[float], training: list[float] | None = None) -> list[EpochDone]:
    training = training or [1 / (n + 1) for n in range(len(validation))]
    return [
        EpochDone(n + 1, n + 1, n + 1.0, loss, 0.9, 0.001, seen, 0.9)
        for n, (loss, seen) in enumerate(zip(training, validation, strict=True))
    ]


HEALTHY = RunDiagnostics(
    RunConfig(),
    batches(2.2, 1.0, 0.6, 0.4, 0.35, 0.3, 0.28, 0.25, accuracy=0.93),
    epochs([0.20, 0.15, 0.12, 0.10, 0.09]),
    dead={"dense1": 0.03},
    correct=(970, 980, 970, 960, 970, 960, 980, 970, 960, 960),
    support=(1000,) * 10,
)
MEMORISED = {"training": Sample(1000, 1000, 0.01, 0.001), "unseen": Sample(1000, 970, 0.1, 0.01)}
EVEN = {"training": Sample(1000, 972, 0.09, 0.01), "unseen": Sample(1000, 970, 0.1, 0.01)}


def test_a_healthy_run_hears_nothing():
    assert coach.advise(HEALTHY) is None


def test_a_loss_that_is_no_number_silences_every_other_word():
    run = RunDiagnostics(RunConfig(learning_rate=1.0), batches(9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, math.nan))
    advice = coach.advise(run)
    assert advice.rule == "not finite"
    assert advice.remedy == {"learning_rate": 0.1}


def test_a_loss_above_guessing_means_too_high_a_rate():
    run = RunDiagnostics(RunConfig(learning_rate=0.5), batches(*[2.6] * 10))
    assert coach.rate_too_high(run).remedy == {"learning_rate": 0.05}
    assert coach.rate_too_high(RunDiagnostics(RunConfig(), batches(*[2.6] * 7))) is None  # too early to say
    assert coach.rate_too_high(RunDiagnostics(RunConfig(), batches(*[2.2] * 10))) is None


def test_a_loss_that_hardly_moves_means_too_low_a_rate():
    run = RunDiagnostics(RunConfig(learning_rate=1e-6), batches(*[2.3 - 0.01 * n for n in range(12)], accuracy=0.2))
    assert coach.rate_too_low(run).remedy == {"learning_rate": 1e-5}
    falling = RunDiagnostics(RunConfig(), batches(*[2.3 - 0.18 * n for n in range(12)], accuracy=0.2))
    assert coach.rate_too_low(falling) is None


def test_over_fitting_is_dated_to_the_epoch_where_it_began():
    advice = coach.overfitting(
        RunDiagnostics(RunConfig(), epochs=epochs([0.10, 0.08, 0.085, 0.09, 0.095]), **MEMORISED)
    )
    assert "since epoch 2" in advice.text
    assert advice.remedy == {"dropout": 0.2}
    one_epoch = RunDiagnostics(RunConfig(), epochs=epochs([0.10, 0.08, 0.085]), **MEMORISED)  # may be chance
    assert coach.overfitting(one_epoch) is None
    recovered = RunDiagnostics(RunConfig(), epochs=epochs([0.10, 0.08, 0.085, 0.081, 0.079]), **MEMORISED)
    assert coach.overfitting(recovered) is None


def test_over_fitting_compares_one_set_of_weights_on_training_and_unseen_images():
    # The training loss of an epoch is a mean over weights that changed meanwhile: it may be far below the new weights'.
    rising = epochs([0.10, 0.08, 0.3, 0.5, 0.7], [0.2, 0.05, 0.04, 0.05, 0.06])
    assert coach.overfitting(RunDiagnostics(RunConfig(), epochs=rising)) is None
    assert coach.overfitting(RunDiagnostics(RunConfig(), epochs=rising, **EVEN)) is None
    assert coach.overfitting(RunDiagnostics(RunConfig(), epochs=rising, **MEMORISED)) is not None


def test_a_learning_rate_raised_by_the_visitor_is_not_called_over_fitting():
    losses = epochs([0.10, 0.08, 0.3, 0.31, 0.32])
    raised = RunDiagnostics(RunConfig(), epochs=losses, rates=[RateChanged(3, 30, 3.0, 0.1)], **MEMORISED)
    assert coach.overfitting(raised) is None
    later = RunDiagnostics(RunConfig(), epochs=losses, rates=[RateChanged(1, 1, 1.0, 0.1)], **MEMORISED)
    assert coach.overfitting(later) is not None


def test_over_fitting_with_dropout_already_there_asks_for_more_images():
    run = RunDiagnostics(RunConfig(dropout=0.3), epochs=epochs([0.08, 0.09, 0.1]), **MEMORISED)
    assert coach.overfitting(run).remedy == {"augmentation": 0.3}


def test_a_gap_to_the_test_set_needs_intervals_that_do_not_overlap():
    ended = RunEnded("finished", "", 0.0, 10, train_accuracy=0.995, test_accuracy=0.979)
    config = RunConfig(epochs=10, validate_on="none")
    advice = coach.generalisation_gap(RunDiagnostics(config, ended=ended, **MEMORISED))
    # Not on the whole test set, whose figure beside it is another one: 97.90%.
    assert "100.00% of 1,000 training images are right, 97.00% of 1,000 test images" in advice.text
    config.changed(**advice.remedy)
    assert coach.generalisation_gap(RunDiagnostics(config, ended=ended, **EVEN)) is None
    assert coach.generalisation_gap(RunDiagnostics(RunConfig(), ended=ended, **MEMORISED)) is None


def test_only_the_most_useful_advice_is_given():
    ended = RunEnded("finished", "", 0.0, 5, validation_accuracy=0.981)
    lagging = {"correct": (980,) * 9 + (700,), "support": (1000,) * 10}
    good = RunDiagnostics(RunConfig(), epochs=epochs([0.2, 0.1, 0.1, 0.1, 0.0995]), ended=ended, **lagging)
    assert coach.advise(good).rule == "all well"
    dead = RunDiagnostics(RunConfig(), epochs=good.epochs, ended=ended, dead={"dense1": 0.6})
    assert coach.advise(dead).rule == "dead units"


def test_a_sample_is_the_mean_loss_with_its_standard_error():
    probabilities = np.full((4, 10), 0.05)
    probabilities[:, 3] = 0.55
    sample = Sample.from_probabilities(probabilities, np.array([3, 3, 3, 1]))
    losses = -np.log([0.55, 0.55, 0.55, 0.05])
    assert (sample.images, sample.correct) == (4, 3)
    np.testing.assert_allclose((sample.loss, sample.loss_error), (losses.mean(), losses.std() / 2))


def test_a_plateau_is_three_epochs_without_gain():
    flat = RunDiagnostics(RunConfig(), epochs=epochs([0.2, 0.1, 0.1, 0.1, 0.0995]))
    assert coach.plateau(flat).remedy == {"schedule": "cosine"}
    assert coach.plateau(RunDiagnostics(RunConfig(), epochs=epochs([0.2, 0.1, 0.1, 0.1, 0.09]))) is None


def test_dead_neurons_are_counted_by_layer():
    advice = coach.dead_units(RunDiagnostics(RunConfig(), dead={"dense1": 0.1, "dense2": 0.6}))
    assert "60%" in advice.text
    assert "dense2" in advice.text
    assert coach.dead_units(RunDiagnostics(RunConfig(), dead={"dense1": 0.2})) is None


def test_a_class_that_lags_has_its_name():
    names = ("T-shirt", "Trouser", *(f"class {n}" for n in range(2, 9)), "Ankle boot")
    advice = coach.weakest_digit(
        RunDiagnostics(
            RunConfig(), epochs=epochs([0.1]), correct=(960,) * 9 + (600,), support=(1000,) * 10, names=names
        )
    )
    assert advice.text.startswith("Ankle boot is the hardest class: 60.0%")
    assert "of the other classes 96.0%" in advice.text
    assert "digit" not in advice.text


def test_a_good_run_on_other_classes_is_not_compared_with_the_tutorials():
    ended = RunEnded("finished", "", 1.0, 5, validation_accuracy=0.985)
    assert "as good as the tutorials" in coach.good_accuracy(replace(HEALTHY, ended=ended)).text
    text = coach.good_accuracy(replace(HEALTHY, ended=ended, names=("T-shirt",) * 10)).text
    assert text == "Well learned: 98.50%. Look on Evaluate where it is wrong."


def test_one_digit_that_lags_is_named():
    right, asked = (970, 980, 970, 960, 970, 960, 980, 970, 960, 600), (1000,) * 10
    advice = coach.weakest_digit(RunDiagnostics(RunConfig(), epochs=epochs([0.1]), correct=right, support=asked))
    assert advice.text.startswith("The 9 is the hardest digit")
    assert "60.0% of 1,000 validation images are right, of the other digits 96.9%" in advice.text
    by_chance = (*right[:-1], 955)  # its interval reaches above the 96.9% of the others
    assert (
        coach.weakest_digit(RunDiagnostics(RunConfig(), epochs=epochs([0.1]), correct=by_chance, support=asked)) is None
    )
    few = RunDiagnostics(RunConfig(), epochs=epochs([0.1]), correct=(94,) * 9 + (50,), support=(94,) * 10)
    assert coach.weakest_digit(few) is None
    assert coach.weakest_digit(HEALTHY) is None


def test_a_good_end_is_praised():
    ended = RunEnded("finished", "", 0.0, 5, validation_accuracy=0.981)
    assert coach.good_accuracy(RunDiagnostics(RunConfig(), ended=ended)).kind == "good"
    poor = RunEnded("finished", "", 0.0, 5, validation_accuracy=0.9)
    assert coach.good_accuracy(RunDiagnostics(RunConfig(), ended=poor)) is None


SLOW = batches(*[2.3 - 0.01 * n for n in range(5)], accuracy=0.3)


def updates(ratio: float, *, step: int = 200, **facts) -> RunDiagnostics:
    """A run whose layers have this ratio of updates to weights, and whose accuracy is still low."""
    return RunDiagnostics(**{
        "config": RunConfig(learning_rate=1e-4), "batches": SLOW, "updates_step": step,
        "updates": {"dense1": ratio, "output": ratio / 2}, **facts,
    })  # fmt: skip


def test_updates_far_below_a_thousandth_ask_for_a_higher_rate():
    advice = coach.advise(updates(1e-6))
    assert advice.rule == "updates too small"
    assert advice.text.startswith("One step changes the weights of output by only 0.000050%.")
    assert advice.remedy == {"learning_rate": 0.1}  # a thousand times as high, not more
    assert coach.updates_too_small(updates(9e-5)).remedy == {"learning_rate": 1e-3}


@pytest.mark.parametrize(
    "run",
    [
        updates(2e-4),  # a rate of 0.0001 has this ratio and learns
        updates(1e-3),
        updates(1e-6, step=8),  # too early
        updates(1e-6, batches=batches(0.1, accuracy=0.97)),  # it has learned already
        updates(1e-6, epochs=[EpochDone(9, 1, 1.0, 2.0, 0.3, 1e-6)]),  # the schedule has lowered the rate
        updates(math.nan),
        RunDiagnostics(RunConfig(), SLOW),  # nothing is known
    ],
)
def test_other_updates_ask_for_no_higher_rate(run):
    assert coach.updates_too_small(run) is None


def test_the_advice_follows_a_rate_that_the_visitor_set():
    run = updates(2e-5, rates=[RateChanged(50, 1, 1.0, 1e-5)])
    assert coach.updates_too_small(run).remedy == {"learning_rate": 1e-3}


def test_updates_far_above_a_thousandth_ask_for_a_lower_rate():
    advice = coach.advise(updates(0.023))
    assert advice.rule == "updates too large"
    assert "the weights of dense1 by 2.3%." in advice.text
    assert advice.remedy == {"learning_rate": 1e-5}
    assert coach.updates_too_large(updates(0.01)) is None
    assert coach.updates_too_large(updates(0.023, step=50)) is None
    assert coach.updates_too_large(updates(0.023, batches=batches(0.1, accuracy=0.97))) is None


def test_dead_units_with_large_updates_ask_for_a_lower_rate():
    many = updates(0.008, dead={"dense1": 0.87, "output": 0.0})
    assert "87%" in coach.dead_units(many).text
    assert coach.dead_units(many).remedy == {"learning_rate": 1e-5}
    assert coach.dead_units(updates(0.001, dead={"dense1": 0.87})).remedy == {"activation": "elu"}


@pytest.mark.parametrize("rule", coach.RULES, ids=lambda rule: rule.__name__)
def test_a_rule_has_nothing_to_say_of_an_empty_run(rule):
    assert rule(RunDiagnostics(RunConfig())) is None


@pytest.mark.parametrize("rate", [1e-6, 10.0])
def test_a_remedy_is_always_a_value_that_can_be_chosen(rate):
    for run in (
        RunDiagnostics(RunConfig(learning_rate=rate), batches(*[9.0] * 10)),
        RunDiagnostics(RunConfig(learning_rate=rate), batches(math.nan)),
    ):
        RunConfig().changed(**coach.advise(run).remedy)
