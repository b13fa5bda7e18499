"""The coach: each rule speaks when its danger is there, and is silent when it is not."""

import math

import pytest

from core.config.run_config import RunConfig
from core.evaluation import coach
from core.evaluation.coach import Story
from core.runs.events import BatchDone, EpochDone, RunEnded


def batches(*losses: float, accuracy: float = 0.5, apart: int = 50) -> list[BatchDone]:
    return [BatchDone(apart * (i + 1), 1, i + 1, i / 10, loss, accuracy, 1000.0) for i, loss in enumerate(losses)]


def epochs(validation: list[float], training: list[float] | None = None) -> list[EpochDone]:
    training = training or [1 / (n + 1) for n in range(len(validation))]
    return [
        EpochDone(n + 1, n + 1, n + 1.0, loss, 0.9, 0.001, seen, 0.9)
        for n, (loss, seen) in enumerate(zip(training, validation, strict=True))
    ]


HEALTHY = Story(
    RunConfig(),
    batches(2.2, 1.0, 0.6, 0.4, 0.35, 0.3, 0.28, 0.25, accuracy=0.93),
    epochs([0.20, 0.15, 0.12, 0.10, 0.09]),
    silent={"dense1": 0.03},
    right=(97, 98, 97, 96, 97, 96, 98, 97, 96, 95),
    asked=(100,) * 10,
)


def test_a_healthy_run_hears_nothing():
    assert coach.advise(HEALTHY) == []


def test_a_loss_that_is_no_number_silences_every_other_word():
    story = Story(RunConfig(learning_rate=1.0), batches(9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, math.nan))
    (advice,) = coach.advise(story)
    assert advice.rule == "not finite"
    assert advice.remedy == {"learning_rate": 0.1}


def test_a_loss_above_guessing_means_too_high_a_rate():
    story = Story(RunConfig(learning_rate=0.5), batches(*[2.6] * 10))
    assert coach.rate_too_high(story).remedy == {"learning_rate": 0.05}
    assert coach.rate_too_high(Story(RunConfig(), batches(*[2.6] * 7))) is None  # too early to say
    assert coach.rate_too_high(Story(RunConfig(), batches(*[2.2] * 10))) is None


def test_a_loss_that_hardly_moves_means_too_low_a_rate():
    story = Story(RunConfig(learning_rate=1e-6), batches(*[2.3 - 0.01 * n for n in range(12)], accuracy=0.2))
    assert coach.rate_too_low(story).remedy == {"learning_rate": 1e-5}
    falling = Story(RunConfig(), batches(*[2.3 - 0.18 * n for n in range(12)], accuracy=0.2))
    assert coach.rate_too_low(falling) is None


def test_over_fitting_is_dated_to_the_epoch_where_it_began():
    advice = coach.over_fitting(Story(RunConfig(), epochs=epochs([0.10, 0.08, 0.085, 0.09, 0.095])))
    assert "after epoch 2" in advice.text
    assert advice.remedy == {"dropout": 0.2}
    assert coach.over_fitting(Story(RunConfig(), epochs=epochs([0.10, 0.08, 0.085]))) is None  # one epoch may be chance
    assert coach.over_fitting(Story(RunConfig(), epochs=epochs([0.10, 0.08, 0.085, 0.081, 0.079]))) is None


def test_over_fitting_with_dropout_already_there_asks_for_more_images():
    story = Story(RunConfig(dropout=0.3), epochs=epochs([0.08, 0.09, 0.1]))
    assert coach.over_fitting(story).remedy == {"augmentation": 0.3}


def test_over_fitting_is_named_when_training_loss_rises_a_little_too():
    rising = epochs([0.10, 0.08, 0.3, 0.5, 0.7], [0.2, 0.05, 0.04, 0.05, 0.06])
    advice = coach.over_fitting(Story(RunConfig(), epochs=rising))
    assert "training loss has only come from 0.0500 to 0.0600" in advice.text
    assert "risen from 0.0800 to 0.7000" in advice.text
    assert [one.rule for one in coach.advise(Story(RunConfig(), epochs=rising))] == ["over-fitting"]


def test_a_run_that_comes_apart_is_not_said_to_over_fit():
    apart = epochs([0.10, 0.08, 0.3, 0.5, 0.7], [0.2, 0.1, 0.3, 0.5, 0.7])
    assert coach.over_fitting(Story(RunConfig(), epochs=apart)) is None
    assert "has not improved" in coach.plateau(Story(RunConfig(), epochs=apart)).text


def test_the_ten_epoch_tutorial_is_told_that_it_over_fits():
    ended = RunEnded("finished", "", 0.0, 10, train_accuracy=0.995, test_accuracy=0.979)
    advice = coach.gap_to_test(Story(RunConfig(epochs=10, validate_on="none"), ended=ended))
    assert "ten-epoch tutorial" in advice.text
    RunConfig(validate_on="none").changed(**advice.remedy)
    assert coach.gap_to_test(Story(RunConfig(), ended=ended)) is None


def test_a_plateau_is_three_epochs_without_gain():
    flat = Story(RunConfig(), epochs=epochs([0.2, 0.1, 0.1, 0.1, 0.0995]))
    assert coach.plateau(flat).remedy == {"schedule": "cosine"}
    assert coach.plateau(Story(RunConfig(), epochs=epochs([0.2, 0.1, 0.1, 0.1, 0.09]))) is None


def test_dead_neurons_are_counted_by_layer():
    advice = coach.dead_units(Story(RunConfig(), silent={"dense1": 0.1, "dense2": 0.6}))
    assert "60%" in advice.text
    assert "dense2" in advice.text
    assert coach.dead_units(Story(RunConfig(), silent={"dense1": 0.2})) is None


def test_one_digit_that_lags_is_named():
    right = (97, 98, 97, 96, 97, 96, 98, 97, 96, 60)
    advice = coach.lagging_digit(Story(RunConfig(), epochs=epochs([0.1]), right=right, asked=(100,) * 10))
    assert advice.text.startswith("The 9 lags")
    assert "of 100 validation images of it 60.0% are read, of the other digits 96.9%" in advice.text
    by_chance = (*right[:-1], 93)  # its own interval ends at 96.6 %, the others stand at 96.9 %
    assert coach.lagging_digit(Story(RunConfig(), epochs=epochs([0.1]), right=by_chance, asked=(100,) * 10)) is None
    assert coach.lagging_digit(HEALTHY) is None


def test_a_good_end_is_praised():
    ended = RunEnded("finished", "", 0.0, 5, validation_accuracy=0.981)
    assert coach.all_well(Story(RunConfig(), ended=ended)).kind == "good"
    poor = RunEnded("finished", "", 0.0, 5, validation_accuracy=0.9)
    assert coach.all_well(Story(RunConfig(), ended=poor)) is None


@pytest.mark.parametrize("rule", coach.RULES, ids=lambda rule: rule.__name__)
def test_a_rule_has_nothing_to_say_of_an_empty_story(rule):
    assert rule(Story(RunConfig())) is None


@pytest.mark.parametrize("rate", [1e-6, 10.0])
def test_a_remedy_is_always_a_value_that_can_be_chosen(rate):
    for story in (
        Story(RunConfig(learning_rate=rate), batches(*[9.0] * 10)),
        Story(RunConfig(learning_rate=rate), batches(math.nan)),
    ):
        for advice in coach.advise(story):
            RunConfig().changed(**advice.remedy)
