"""Which of two runs is better, in words that claim no more than the figures show."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.config.run_config import KNOBS, TEST_SET
from core.evaluation import significance
from core.evaluation.comparison import RunRow, describe_differences, knob_text
from core.evaluation.evaluations import TEST, VALIDATION
from core.evaluation.significance import LEVEL, Verdict, no_winner_text, winner_text
from core.formatting import count, duration, percent, plain, points
from core.runs.data_match import have_different_data
from core.runs.run import manual_rates

_LONGEST_NAME = 60  # letters of a name made from the knobs that differ


@dataclass(frozen=True)
class Difference:
    """One line of a table of two runs."""

    what: str
    first: str
    second: str


@dataclass(frozen=True)
class Comparison:
    """Everything to say about two runs.

    names: what to call them. split: the images to judge both by; None where there are none, and `obstacle` says why.
    by_accuracy: the verdict from the two accuracies alone; None where that says nothing, and `no_accuracy` says why.
    over_seeds: the verdict over all seeds of both experiments, where there are enough. differences: the knobs that
    differ, the data sets, and the learning rates that were changed during training. results: the figures of both.
    """

    names: tuple[str, str]
    split: str | None
    obstacle: str
    by_accuracy: Verdict | None
    no_accuracy: str
    over_seeds: Verdict | None
    differences: list[Difference]
    results: list[Difference]

    def by_images(self, first_right: np.ndarray, second_right: np.ndarray) -> Verdict:
        """The verdict on the same images: bool (n,) each, whether an image was right (McNemar's test)."""
        return significance.verdict(self.names, first_right, second_right, self.split or TEST)


def compare(first: RunRow, second: RunRow, found: Sequence[RunRow], validation_images: int) -> Comparison:
    """Compares two runs. found: all runs, among them other seeds. validation_images: how many are held out."""
    names, split = _names(first, second), _common_split(first, second)
    here, there = (row.test if split == TEST else row.summary.saved_validation for row in (first, second))
    by_accuracy, no_accuracy = None, f"At least one of the two has no accuracy on the {split} images yet."
    images = first.test_images if split == TEST else validation_images
    if have_different_data(first.run, second.run):
        no_accuracy = "They were trained with different data sets, so their accuracies cannot be compared."
    elif split and here is not None and there is not None and images:
        by_accuracy = accuracy_verdict(names, here, there, images, split)
    return Comparison(
        names,
        split,
        "" if split else _obstacle(first, second),
        by_accuracy,
        no_accuracy,
        _over_seeds(first, second, found),
        _differences(first, second),
        _results(first, second),
    )


def accuracy_verdict(names: tuple[str, str], first: float, second: float, images: int, split: str) -> Verdict:
    """The verdict where only the two accuracies are known, not which images each network got right.

    It treats the two as measured on different images, which hides small differences: two-proportion z-test.
    """
    gap = abs(first - second)
    if round(gap * images) == 0:
        return Verdict(
            f"**No clear winner**: both are right on the same number of the {count(images)} {split} images, "
            f"{percent(first)}.",
            clear=False,
        )
    mean = (first + second) / 2
    error = math.sqrt(max(2 * mean * (1 - mean) / images, 1e-12))
    clear = math.erfc(gap / error / math.sqrt(2)) < LEVEL
    better, worse = names if first >= second else names[::-1]
    opening = winner_text(better, worse, points(gap)) if clear else no_winner_text(points(gap))
    return Verdict(
        f"{opening} This uses only the two accuracies on {count(images)} {split} images. A comparison image by image "
        "can find smaller differences.",
        clear,
    )


def repeated(row: RunRow, found: Sequence[RunRow]) -> list[RunRow]:
    """The complete runs of the same experiment, the newest of each seed."""
    same = [each for each in found if each.experiment == row.experiment and each.is_repetition]
    return list({each.config.seed: each for each in reversed(same)}.values())


def _over_seeds(first: RunRow, second: RunRow, found: Sequence[RunRow]) -> Verdict | None:
    """The verdict over the seeds of both experiments; None with fewer than two seeds each, or no shared figure.

    None, too, where the config alone does not lead to one of the runs: its seeds say nothing about that run.
    """
    if first.setting == second.setting or have_different_data(first.run, second.run):
        return None
    if not (first.follows_its_config and second.follows_its_config):
        return None
    here, there = repeated(first, found), repeated(second, found)
    found_names = describe_differences([first.setting, second.setting])
    names = (found_names[0], found_names[1]) if _short(found_names) else _names(first, second)
    for measure, figure in (("test", lambda row: row.test), ("validation", lambda row: row.summary.saved_validation)):
        values = [[value for row in rows if (value := figure(row)) is not None] for rows in (here, there)]
        complete = all(len(each) == len(rows) for each, rows in zip(values, (here, there), strict=True))
        if complete and (verdict := significance.seed_verdict(names, values[0], values[1], measure)):
            return verdict
    return None


def _names(first: RunRow, second: RunRow) -> tuple[str, str]:
    """What to call the two: their own names, the knobs that differ, or their titles."""
    if first.run.name and second.run.name and first.run.name != second.run.name:
        return plain(first.run.name), plain(second.run.name)
    found = describe_differences([first.config, second.config])
    return (found[0], found[1]) if _short(found) else (plain(first.run.title), plain(second.run.title))


def _short(names: Sequence[str]) -> bool:
    return all(names) and max(map(len, names)) <= _LONGEST_NAME


def _common_split(first: RunRow, second: RunRow) -> str | None:
    """The test set where it is open for both, otherwise the validation images if both held them out."""
    if not first.sealed and not second.sealed:
        return TEST
    if first.config.holds_out and second.config.holds_out:
        return VALIDATION
    return None


def _obstacle(first: RunRow, second: RunRow) -> str:
    pair = (first, second) if first.sealed else (second, first)
    sealed, other = (plain(row.run.title) for row in pair)
    was = "may have been" if "validate_on" in pair[1].unknown_knobs else "was"
    return (
        f"There are no images to judge both by. The test set is sealed for {sealed}, and {other} {was} trained on the "
        f"validation images. Open the test set of {sealed} on Evaluate to compare the two."
    )


def _differences(first: RunRow, second: RunRow) -> list[Difference]:
    knobs = [
        Difference(KNOBS[name].label, _knob(first, name), _knob(second, name))
        for name in first.config.differences(second.config)
        if not (name in first.silent_knobs and name in second.silent_knobs)
    ]
    if have_different_data(first.run, second.run):
        knobs.append(Difference("Data set", *_data_sets(first, second)))
    here, there = (manual_rates(row.run) for row in (first, second))
    changed = [Difference("Learning rate changed during training", here or "–", there or "–")]
    return [*knobs, *(changed if here or there else [])]


def _knob(row: RunRow, name: str) -> str:
    return "–" if name in row.silent_knobs else knob_text(name, getattr(row.config, name), "–")


def _data_sets(*rows: RunRow) -> list[str]:
    """The data set of each run: its number of training images; where that is equal, also a part of its fingerprint."""
    images = [count(row.summary.started.train_images, "training image") if row.summary.started else "" for row in rows]
    if all(images) and len(set(images)) == len(rows):
        return images
    prints = [f"fingerprint {row.run.data_fingerprint[:4]}" for row in rows]
    return [", ".join(filter(None, pair)) for pair in zip(images, prints, strict=True)]


def _results(first: RunRow, second: RunRow) -> list[Difference]:
    """The figures that at least one of the two has."""
    pairs = [
        ("Best validation accuracy", *(_validated(row, row.validation) for row in (first, second))),
        ("Accuracy of the saved network", *(_validated(row, row.summary.saved_validation) for row in (first, second))),
        ("Test accuracy (95% interval)", _test(first), _test(second)),
        ("Parameters", _parameters(first), _parameters(second)),
        ("Training time", *(duration(row.summary.seconds) if row.summary.seconds else "" for row in (first, second))),
        ("Device", first.device, second.device),
    ]
    return [Difference(*each) for each in pairs if any(each[1:])]


def _validated(row: RunRow, value: float | None) -> str:
    """An accuracy on validation images; names the test set where a run was validated on that."""
    return "" if value is None else f"{percent(value)}{' of the test set' * (row.config.validate_on == TEST_SET)}"


def _parameters(row: RunRow) -> str:
    return "" if row.parameters is None else count(row.parameters)


def _test(row: RunRow) -> str:
    if row.sealed:
        return "sealed"
    if row.test is None or row.test_interval is None:
        return ""
    low, high = row.test_interval
    return f"{percent(row.test)} [{percent(low)}, {percent(high)}]"
