"""Plain sentences about a run, each with a remedy, from the run's own numbers. One rule, one function.

A rule looks at a `Story` and answers an `Advice` or None. Its threshold stands beside it with its reason.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np

from core.config.run_config import KNOBS, RunConfig
from core.evaluation.metrics import wilson
from core.runs.events import BatchDone, EpochDone, RunEnded

GUESSING_LOSS = math.log(10)  # of a network that finds every digit equally likely
Z_OF_TEN = NormalDist().inv_cdf(1 - 0.05 / 10 / 2)  # 95 % for ten intervals together (C. E. Bonferroni)
BAD, WARN, GOOD = "bad", "warn", "good"


@dataclass(frozen=True)
class Story:
    """What is known of a run: its knobs, what it said, and what its latest weights show."""

    config: RunConfig
    batches: Sequence[BatchDone] = ()
    epochs: Sequence[EpochDone] = ()
    ended: RunEnded | None = None
    silent: dict[str, float] = field(default_factory=dict)  # relu layer → share of units that never answer
    right: tuple[int, ...] = ()  # of each digit: answered rightly
    asked: tuple[int, ...] = ()  # of each digit: images asked
    split: str = "validation"  # where they are from: never images it was trained on, which flatter each digit


@dataclass(frozen=True)
class Advice:
    """One sentence or two, and the knobs to set for the next run."""

    rule: str
    kind: str  # bad, warn or good
    text: str
    remedy: dict[str, Any] = field(default_factory=dict)
    button: str = ""


def advise(story: Story) -> list[Advice]:
    """What there is to say, the gravest first. A run that ran away needs no other word."""
    said = [advice for rule in RULES if (advice := rule(story))]
    gravest = [advice for advice in said if advice.rule == "not finite"]
    return gravest or sorted(said, key=lambda advice: (BAD, WARN, GOOD).index(advice.kind))


def not_finite(story: Story) -> Advice | None:
    """The loss is no number any more. Nothing is learnt after that, so one such batch is enough."""
    losses = [event.loss for event in story.batches[-5:]] + [event.loss for event in story.epochs[-1:]]
    if all(map(math.isfinite, losses)):
        return None
    rate = _tenfold(story.config.learning_rate, down=True)
    text = "The loss is no longer a number: the steps were so long that the weights ran away. Lower the learning rate."
    return Advice("not finite", BAD, text, {"learning_rate": rate}, f"Learning rate {rate:g}")


def rate_too_high(story: Story) -> Advice | None:
    """The loss stays above that of guessing, where a fresh network starts: 50 batches must have brought it below."""
    points = story.batches
    if len(points) < 8 or points[-1].step < 50:
        return None
    recent = np.median([event.loss for event in points[-5:]])
    if not np.isfinite(recent) or recent < 1.02 * GUESSING_LOSS or story.config.wrong_labels > 0.5:
        return None
    rate = _tenfold(story.config.learning_rate, down=True)
    text = (
        f"The loss, {recent:.2f}, is worse than guessing ({GUESSING_LOSS:.2f}): each step overshoots. "
        "The learning rate is too high."
    )
    return Advice("rate too high", BAD, text, {"learning_rate": rate}, f"Learning rate {rate:g}")


def rate_too_low(story: Story) -> Advice | None:
    """After 300 batches the loss still stands at more than 60 % of where it began, and fewer than 70 % are read."""
    points = story.batches
    if len(points) < 8 or points[-1].step < 300:
        return None
    first, recent = points[0].loss, float(np.median([event.loss for event in points[-5:]]))
    slow = recent > 0.6 * first and recent <= 1.02 * GUESSING_LOSS
    if not slow or story.config.wrong_labels > 0.3 or points[-1].accuracy > 0.7:
        return None
    rate = _tenfold(story.config.learning_rate)
    text = f"After {points[-1].step:,} batches the loss has only come from {first:.2f} to {recent:.2f}: short steps."
    return Advice("rate too low", WARN, text, {"learning_rate": rate}, f"Learning rate {rate:g}")


def over_fitting(story: Story) -> Advice | None:
    """Validation loss is 3 % above its best for two epochs while training loss still falls, or half as much again while
    training loss has risen less than half as far: where both rise alike, the run comes apart. One such epoch may be
    chance: validation loss of a healthy run goes up now and then, and comes down again."""
    epochs = [epoch for epoch in story.epochs if epoch.validation_loss is not None]
    if len(epochs) < 3:
        return None
    losses = [epoch.validation_loss or 0.0 for epoch in epochs]
    best = int(np.argmin(losses))
    if len(epochs) - 1 - best < 2 or any(loss <= 1.03 * losses[best] for loss in losses[best + 1 :][-2:]):
        return None
    risen, training = losses[-1] - losses[best], epochs[-1].loss - epochs[best].loss
    if training >= 0 and (losses[-1] <= 1.5 * losses[best] or training >= risen / 2):
        return None
    learnt = (
        "goes on falling" if training < 0 else f"has only come from {epochs[best].loss:.4f} to {epochs[-1].loss:.4f}"
    )
    text = (
        f"Over-fitting has begun after epoch {epochs[best].epoch}: training loss {learnt}, validation loss has "
        f"risen from {losses[best]:.4f} to {losses[-1]:.4f}. The network learns its images by heart."
    )
    return Advice("over-fitting", WARN, text, *_against_over_fitting(story.config))


def gap_to_test(story: Story) -> Advice | None:
    """Without validation, the end tells: training accuracy more than a point above test accuracy. On 10,000 images that
    is five times the half-width of the 95 % interval."""
    ended = story.ended
    if not ended or story.config.validate_on != "none" or ended.train_accuracy is None or ended.test_accuracy is None:
        return None
    gap = ended.train_accuracy - ended.test_accuracy
    if gap < 0.01:
        return None
    tutorial = " The ten-epoch tutorial over-fits just here." if story.config.epochs >= 10 else ""
    text = (
        f"Over-fitting: {ended.train_accuracy:.2%} on images it has seen, {ended.test_accuracy:.2%} on the test set."
        f"{tutorial} Validate on held-out images to see when it begins."
    )
    remedy, button = _against_over_fitting(story.config)
    return Advice("gap to test", WARN, text, {"validate_on": "held-out", **remedy}, button)


def plateau(story: Story) -> Advice | None:
    """Three epochs, none of which brought the validation loss 1 % below the best before them."""
    losses = [epoch.validation_loss for epoch in story.epochs if epoch.validation_loss is not None]
    if len(losses) < 5 or over_fitting(story):
        return None
    if min(losses[-3:]) < 0.99 * min(losses[:-3]):
        return None
    text = "Validation loss has not improved for three epochs: more of the same will not help."
    if story.config.schedule == "constant":
        return Advice(
            "plateau", WARN, f"{text} Shorter steps towards the end may.", {"schedule": "cosine"}, "Cosine schedule"
        )
    units = min(story.config.units * 2, int(KNOBS["units"].high or 0))
    if story.config.network or units == story.config.units:
        return Advice("plateau", WARN, f"{text} Try another network.")
    return Advice("plateau", WARN, f"{text} A larger network may.", {"units": units}, f"{units} units")


def dead_units(story: Story) -> Advice | None:
    """More than a quarter of a relu layer answers 0 to all images. A few always do; these learn nothing any more."""
    if not story.silent:
        return None
    layer, share = max(story.silent.items(), key=lambda item: item[1])
    if share <= 0.25:
        return None
    text = (
        f"{share:.0%} of the neurons in {layer} are dead: they answer 0 to every image, and so learn nothing any more."
    )
    if story.config.activation == "relu":
        return Advice("dead units", WARN, text, {"activation": "elu"}, "Activation elu")
    return Advice("dead units", WARN, text)


def lagging_digit(story: Story) -> Advice | None:
    """One digit's whole interval lies below the share of right answers among the others. It is wider than 95 %, for it
    is the lowest of ten: one of ten 95 % intervals lies that low by chance in one epoch of five."""
    if not story.asked or min(story.asked) < 20 or len(story.epochs) < 1:
        return None
    shares = [right / asked for right, asked in zip(story.right, story.asked, strict=True)]
    digit = int(np.argmin(shares))
    others = (sum(story.right) - story.right[digit]) / (sum(story.asked) - story.asked[digit])
    if wilson(story.right[digit], story.asked[digit], Z_OF_TEN)[1] >= others:
        return None
    text = (
        f"The {digit} lags behind: of {story.asked[digit]:,} {story.split} images of it {shares[digit]:.1%} are read, "
        f"of the other digits {others:.1%}. Look at its mistakes on Evaluate; augmentation or more units help with "
        "rare shapes."
    )
    strength = min(1.0, story.config.augmentation + 0.3)
    return Advice("lagging digit", WARN, text, {"augmentation": strength}, f"Augmentation {strength:g}")


def all_well(story: Story) -> Advice | None:
    """It has finished, and the figure it was judged by is above 97 %: what the tutorials reach."""
    ended = story.ended
    if not ended or ended.outcome != "finished":
        return None
    accuracy = ended.validation_accuracy if ended.validation_accuracy is not None else ended.test_accuracy
    if accuracy is None or accuracy < 0.97:
        return None
    text = f"Well learnt: {accuracy:.2%}, as good as the tutorials. Draw a digit for it, or see where it is wrong."
    return Advice("all well", GOOD, text)


Rule = Callable[[Story], Advice | None]
RULES: tuple[Rule, ...] = (
    not_finite,
    rate_too_high,
    rate_too_low,
    over_fitting,
    gap_to_test,
    plateau,
    dead_units,
    lagging_digit,
    all_well,
)


def _against_over_fitting(config: RunConfig) -> tuple[dict[str, Any], str]:
    if config.dropout < 0.2 and not config.network:
        return {"dropout": 0.2}, "Dropout 0.2"
    strength = min(1.0, config.augmentation + 0.3)
    return {"augmentation": strength}, f"Augmentation {strength:g}"


def _tenfold(rate: float, *, down: bool = False) -> float:
    low, high = KNOBS["learning_rate"].low or 0.0, KNOBS["learning_rate"].high or 1.0
    return float(f"{min(max(rate / 10 if down else rate * 10, low), high):.6g}")
