"""The coach: one sentence about a run, with a remedy, from the run's own numbers. One rule is one function.

A rule reads `RunDiagnostics` and returns `Advice` or None. Each threshold has its reason beside it.
"""

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np

from core.config.run_config import HELD_OUT, KNOBS, NO_VALIDATION, RunConfig
from core.data.class_names import DIGITS
from core.evaluation.advice import BAD, GOOD, WARN, Advice, changed_rate
from core.evaluation.coach_layers import dead_units, updates_too_large, updates_too_small
from core.evaluation.diagnostics import RunDiagnostics
from core.evaluation.metrics import wilson_interval
from core.formatting import count, percent

GUESSING_LOSS = math.log(10)  # of a network that gives all ten digits the same probability
Z_BONFERRONI = NormalDist().inv_cdf(1 - 0.05 / 10 / 2)  # ten 95% intervals at once (Bonferroni)
MIN_IMAGES_OF_A_DIGIT = 200  # with fewer, an interval of a good network is wider than 3 points
GOOD_ACCURACY = 0.97  # what the tutorials reach


def advise(run: RunDiagnostics) -> Advice | None:
    """The most useful advice: that of the first rule that applies, the most serious first."""
    return next((advice for rule in RULES if (advice := rule(run))), None)


def not_finite(run: RunDiagnostics) -> Advice | None:
    """The loss is NaN or infinite. Nothing is learned after that, so one batch is enough."""
    losses = [event.loss for event in run.batches[-5:]] + [event.loss for event in run.epochs[-1:]]
    if all(map(math.isfinite, losses)):
        return None
    rate = changed_rate(run.config.learning_rate, 0.1)
    text = "The loss is no longer a number: the steps were so large that the weights diverged. Lower the learning rate."
    return Advice("not finite", BAD, text, {"learning_rate": rate}, f"Learning rate {rate:g}")


def rate_too_high(run: RunDiagnostics) -> Advice | None:
    """The loss stays above that of guessing, where an untrained network starts. 50 batches should have lowered it."""
    points = run.batches
    if len(points) < 8 or points[-1].step < 50:
        return None
    recent = np.median([event.loss for event in points[-5:]])
    if not np.isfinite(recent) or recent < 1.02 * GUESSING_LOSS or run.config.wrong_labels > 0.5:
        return None
    rate = changed_rate(run.config.learning_rate, 0.1)
    text = (
        f"The loss, {recent:.2f}, is worse than guessing ({GUESSING_LOSS:.2f}): each step is too large. "
        "Lower the learning rate."
    )
    return Advice("rate too high", BAD, text, {"learning_rate": rate}, f"Learning rate {rate:g}")


def rate_too_low(run: RunDiagnostics) -> Advice | None:
    """After 300 batches the loss is still above 60% of its first value, and accuracy is below 70%."""
    points = run.batches
    if len(points) < 8 or points[-1].step < 300:
        return None
    first, recent = points[0].loss, float(np.median([event.loss for event in points[-5:]]))
    slow = recent > 0.6 * first and recent <= 1.02 * GUESSING_LOSS
    if not slow or run.config.wrong_labels > 0.3 or points[-1].accuracy > 0.7:
        return None
    rate = changed_rate(run.config.learning_rate, 10)
    text = (
        f"After {count(points[-1].step)} batches the loss has only fallen from {first:.2f} to {recent:.2f}. "
        "Raise the learning rate."
    )
    return Advice("rate too low", WARN, text, {"learning_rate": rate}, f"Learning rate {rate:g}")


def overfitting(run: RunDiagnostics) -> Advice | None:
    """Validation loss is 3% above its best for two epochs, and the latest weights do far better on training images.

    Both conditions are needed. One such epoch may be chance, and a run that diverges gets worse on all images. Losses
    from before a learning rate was set by the visitor are not compared with those after it.
    """
    since = max((rate.epoch for rate in run.rates), default=0)
    epochs = [epoch for epoch in run.epochs if epoch.validation_loss is not None and epoch.epoch >= since]
    if len(epochs) < 3 or not _memorises(run):
        return None
    losses = [epoch.validation_loss or 0.0 for epoch in epochs]
    best = int(np.argmin(losses))
    if len(epochs) - 1 - best < 2 or any(loss <= 1.03 * losses[best] for loss in losses[best + 1 :][-2:]):
        return None
    assert run.training is not None
    text = (
        f"Over-fitting since epoch {epochs[best].epoch}: validation loss rose from {losses[best]:.4f} to "
        f"{losses[-1]:.4f}, but on training images the same network has {run.training.loss:.4f}. It memorises "
        "its images."
    )
    return Advice("over-fitting", WARN, text, *_reduce_overfitting(run.config))


def generalisation_gap(run: RunDiagnostics) -> Advice | None:
    """Without validation: the final weights are at least a point better on training than on test images.

    The two 95% intervals must not overlap.
    """
    ended, training, unseen = run.ended, run.training, run.unseen
    if not ended or run.config.validate_on != NO_VALIDATION or training is None or unseen is None:
        return None
    apart = wilson_interval(training.correct, training.images)[0] > wilson_interval(unseen.correct, unseen.images)[1]
    if not apart or training.accuracy - unseen.accuracy < 0.01:
        return None
    text = (
        f"Over-fitting: {percent(training.accuracy)} of {count(training.images)} training images are right, "
        f"{percent(unseen.accuracy)} of {count(unseen.images)} test images. Use held-out images to see when it begins."
    )
    remedy, button = _reduce_overfitting(run.config)
    return Advice("gap to test", WARN, text, {"validate_on": HELD_OUT, **remedy}, button)


def good_accuracy(run: RunDiagnostics) -> Advice | None:
    """The run has finished with more than 97% of its validation or test images right."""
    ended = run.ended
    if not ended or ended.outcome != "finished":
        return None
    accuracy = ended.validation_accuracy if ended.validation_accuracy is not None else ended.test_accuracy
    if accuracy is None or accuracy < GOOD_ACCURACY:
        return None
    text = f"Well learned: {percent(accuracy)}, as good as the tutorials. Draw a digit, or see where it is wrong."
    if run.names != DIGITS:
        text = f"Well learned: {percent(accuracy)}. Look on Evaluate where it is wrong."
    return Advice("all well", GOOD, text)


def weakest_digit(run: RunDiagnostics) -> Advice | None:
    """The whole interval of one digit's accuracy is below the accuracy of the other nine.

    The interval is wider than 95%, because the digit is the lowest of ten: one of ten 95% intervals is that low by
    chance in one epoch of five.
    """
    if not run.support or min(run.support) < MIN_IMAGES_OF_A_DIGIT or len(run.epochs) < 1:
        return None
    shares = [correct / support for correct, support in zip(run.correct, run.support, strict=True)]
    digit = int(np.argmin(shares))
    others = (sum(run.correct) - run.correct[digit]) / (sum(run.support) - run.support[digit])
    if wilson_interval(run.correct[digit], run.support[digit], Z_BONFERRONI)[1] >= others:
        return None
    name, kind = run.names[digit], "digit" if run.names == DIGITS else "class"
    hardest = f"The {name} is the hardest digit" if kind == "digit" else f"{name} is the hardest class"
    text = (
        f"{hardest}: {percent(shares[digit], 1)} of {count(run.support[digit])} {run.split} images are right, of the "
        f"other {kind}{'s' if kind == 'digit' else 'es'} {percent(others, 1)}. Look at its mistakes on Evaluate. "
        "Augmentation or more units help with rare shapes."
    )
    strength = min(1.0, run.config.augmentation + 0.3)
    return Advice("lagging digit", WARN, text, {"augmentation": strength}, f"Augmentation {strength:g}")


def plateau(run: RunDiagnostics) -> Advice | None:
    """None of the last three epochs lowered the best validation loss by 1%."""
    losses = [epoch.validation_loss for epoch in run.epochs if epoch.validation_loss is not None]
    if len(losses) < 5 or min(losses[-3:]) < 0.99 * min(losses[:-3]):
        return None
    text = "Validation loss has not improved for three epochs, so more epochs will not help."
    if run.config.schedule == "constant":
        return Advice(
            "plateau", WARN, f"{text} Smaller steps at the end may.", {"schedule": "cosine"}, "Cosine schedule"
        )
    units = min(run.config.units * 2, int(KNOBS["units"].high or 0))
    if run.config.network or units == run.config.units:
        return Advice("plateau", WARN, f"{text} Try another network.")
    return Advice("plateau", WARN, f"{text} A larger network may.", {"units": units}, f"{units} units")


Rule = Callable[[RunDiagnostics], Advice | None]
RULES: tuple[Rule, ...] = (
    not_finite,
    rate_too_high,
    updates_too_large,
    updates_too_small,
    rate_too_low,
    overfitting,
    generalisation_gap,
    dead_units,
    good_accuracy,
    weakest_digit,
    plateau,
)


def _memorises(run: RunDiagnostics) -> bool:
    """Whether the same weights have a loss at least a third lower on training images, beyond chance."""
    training, unseen = run.training, run.unseen
    if training is None or unseen is None:
        return False
    error = math.hypot(training.loss_error, unseen.loss_error)
    return unseen.loss - training.loss > 2 * error and training.loss < unseen.loss * 2 / 3


def _reduce_overfitting(config: RunConfig) -> tuple[dict[str, Any], str]:
    if config.dropout < 0.2 and not config.network:
        return {"dropout": 0.2}, "Dropout 0.2"
    strength = min(1.0, config.augmentation + 0.3)
    return {"augmentation": strength}, f"Augmentation {strength:g}"
