"""Which of two runs is better, in words that do not claim more than the figures bear."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.config.run_config import KNOBS
from core.evaluation import significance
from core.evaluation.comparison import Row, described
from core.evaluation.evaluations import TEST, VALIDATION
from core.evaluation.significance import LEVEL
from core.runs.run import rates_by_hand

HELD_OUT = "held-out"


def names(first: Row, second: Row) -> tuple[str, str]:
    """What to call the two: by what sets their configs apart, or else by their titles."""
    if first.run.name and second.run.name and first.run.name != second.run.name:
        return first.run.name, second.run.name
    told = described([first.config, second.config])
    if all(told) and max(map(len, told)) <= 60:
        return told[0], told[1]
    return first.run.title, second.run.title


def common_split(first: Row, second: Row) -> str | None:
    """The images to judge both by: the test set where it is open for both, else validation images new to both."""
    if not first.sealed and not second.sealed:
        return TEST
    if first.config.validate_on == second.config.validate_on == HELD_OUT:
        return VALIDATION
    return None


def why_none(first: Row, second: Row) -> str:
    """Why there are no images to judge both by."""
    sealed, other = (first, second) if first.sealed else (second, first)
    return (
        f"There are no images to judge both by: the test set is sealed for {sealed.run.title}, and {other.run.title} "
        f"was trained on the validation images. Open the test set of {sealed.run.title} on Evaluate to compare the two."
    )


@dataclass(frozen=True)
class Difference:
    """One line of what sets two runs apart."""

    what: str
    first: str
    second: str


def differences(first: Row, second: Row) -> list[Difference]:
    """The knobs that differ, the learning rates that were set by hand, and nothing else."""
    found = first.config.differences(second.config)
    knobs = [Difference(KNOBS[name].label, _said(here), _said(there)) for name, (here, there) in found.items()]
    here, there = (rates_by_hand(row.run) for row in (first, second))
    return [*knobs, *([Difference("Learning rate set by hand", here or "–", there or "–")] if here or there else [])]


def results(first: Row, second: Row) -> list[Difference]:
    """What came of them: figures that at least one of the two has."""
    pairs = [
        ("Best validation accuracy", _validated(first, first.validation), _validated(second, second.validation)),
        ("Kept validation accuracy", *(_validated(row, row.summary.kept_validation) for row in (first, second))),
        ("Test accuracy (95 % interval)", _test(first), _test(second)),
        ("Parameters", _count(first.parameters), _count(second.parameters)),
        ("Seconds of training", f"{first.summary.seconds:,.1f}", f"{second.summary.seconds:,.1f}"),
        ("Device", first.device, second.device),
    ]
    return [Difference(*each) for each in pairs if any(each[1:])]


def by_counts(called: tuple[str, str], first: float, second: float, images: int, split: str) -> str:
    """The verdict where only the two accuracies are known, not which images each got right.

    It takes the two as measured on different images, which hides small differences: two-proportion z-test.
    """
    gap = abs(first - second)
    if round(gap * images) == 0:
        return f"Both are right on the same number of the {images:,} {split} images: {first:.2%}."
    mean = (first + second) / 2
    error = math.sqrt(max(2 * mean * (1 - mean) / images, 1e-12))
    p = math.erfc(gap / error / math.sqrt(2))
    better, worse = called if first >= second else called[::-1]
    luck = "more than the noise" if p < LEVEL else "within the noise"
    return (
        f"**{better}** is better than {worse} by {100 * gap:.2f} points; that is **{luck}** of a single {split} set of "
        f"{images:,} images, as far as the two accuracies alone can tell. Asked image by image, both can be compared "
        "more sharply."
    )


def repeated(row: Row, found: Sequence[Row]) -> list[Row]:
    """The runs of the same experiment with a figure to compare, one a seed, the newest of each."""
    same = [each for each in found if each.experiment == row.experiment and each.repeats]
    return list({each.config.seed: each for each in reversed(same)}.values())


def over_seeds(first: Row, second: Row, found: Sequence[Row]) -> str | None:
    """The verdict over the seeds of both experiments; None with fewer than two seeds each, or no shared figure.

    None, too, where one of the two was steered or taught: the seeds of its knobs say nothing of it.
    """
    if first.experiment == second.experiment or not (first.plain and second.plain):
        return None
    here, there = repeated(first, found), repeated(second, found)
    plain = described([first.experiment, second.experiment])
    called = (plain[0], plain[1]) if all(plain) and max(map(len, plain)) <= 60 else names(first, second)
    for measure, figures in (("test", lambda row: row.test), ("validation", lambda row: row.summary.kept_validation)):
        values = [[value for row in rows if (value := figures(row)) is not None] for rows in (here, there)]
        if all(len(each) == len(rows) for each, rows in zip(values, (here, there), strict=True)):
            said = significance.seed_verdict(called, values[0], values[1])
            if said:
                return said.replace("Over seeds:", f"Over seeds, on {measure} images:")
    return None


def by_images(called: tuple[str, str], first: np.ndarray, second: np.ndarray, split: str) -> str:
    """The verdict on the same images: bool (n,) each, whether an image was right (McNemar's test)."""
    return significance.verdict(called, first, second, split)


def _said(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value) or "–"


def _validated(row: Row, value: float | None) -> str:
    """An accuracy on the images that the run was validated on, which are named where they are no validation images."""
    return "" if value is None else f"{value:.2%}{' of the test set' * (row.config.validate_on == TEST)}"


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _test(row: Row) -> str:
    if row.sealed:
        return "sealed"
    if row.test is None or row.test_interval is None:
        return ""
    return f"{row.test:.2%} [{row.test_interval[0]:.2%}, {row.test_interval[1]:.2%}]"
