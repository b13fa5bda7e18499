"""Is one network really better than another, or was it luck? Tests, and the verdict in words.

There are two kinds of luck: that of the test images (McNemar's test on the same images) and that of the seed (the
spread over several runs of one config).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special  # not scipy.stats: its import alone takes half a second

from core.errors import DataError
from core.formatting import count, percent, points

LEVEL = 0.05  # a difference that luck alone gives less often than this counts as real
_EXACT_BELOW = 25  # disagreements; with more, chi-squared is close enough


@dataclass(frozen=True)
class Verdict:
    """A sentence on which of two is better, and whether there is a clear winner."""

    text: str
    clear: bool


@dataclass(frozen=True)
class McNemar:
    """Two networks on the same images: how often only one is right, and how often luck alone does that."""

    only_first: int
    only_second: int
    p: float

    @property
    def disagreements(self) -> int:
        return self.only_first + self.only_second

    @property
    def is_significant(self) -> bool:
        return self.p < LEVEL


def mcnemar(first_right: np.ndarray, second_right: np.ndarray) -> McNemar:
    """McNemar's test on two bool (n,) arrays over the same images.

    Exact (binomial) below 25 disagreements, otherwise chi-squared with continuity correction.
    Raises `DataError` if the two arrays have different lengths.
    """
    if first_right.shape != second_right.shape:
        raise DataError(
            "Two networks must be compared on the same images. Evaluate both on the same data set.",
            received=f"{len(first_right):,} and {len(second_right):,} images",
        )
    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    return McNemar(only_first, only_second, mcnemar_p(only_first, only_second))


def mcnemar_p(only_first: int, only_second: int) -> float:
    """How often two equally good networks differ at least as much, in [0, 1]."""
    both = only_first + only_second
    if both == 0:
        return 1.0

    if both < _EXACT_BELOW:
        return min(1.0, 2 * float(special.bdtr(min(only_first, only_second), both, 0.5)))
    return float(special.chdtrc(1, max(0, abs(only_first - only_second) - 1) ** 2 / both))


@dataclass(frozen=True)
class SeedStatistics:
    """The same config over several seeds: how many, the mean and the standard deviation (n − 1; NaN for one seed)."""

    seeds: int
    mean: float
    deviation: float

    def __str__(self) -> str:
        if self.seeds < 2:
            return f"{percent(self.mean)} (one seed)"
        return f"{percent(self.mean)} ± {100 * self.deviation:.2f} over {self.seeds} seeds"


def seed_statistics(accuracies: Sequence[float]) -> SeedStatistics:
    """Mean and deviation of the accuracies of one config. Raises `DataError` for none."""
    if not accuracies:
        raise DataError("A spread needs at least one accuracy. Finish a run first.", received=list(accuracies))
    deviation = float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else math.nan
    return SeedStatistics(len(accuracies), float(np.mean(accuracies)), deviation)


def mean_interval(accuracies: Sequence[float]) -> tuple[float, float] | None:
    """The 95% interval of the mean over seeds (Student's t), within 0 and 1; None with fewer than two seeds."""
    if len(accuracies) < 2:
        return None
    found = seed_statistics(accuracies)
    reach = float(special.stdtrit(found.seeds - 1, 0.975)) * found.deviation / math.sqrt(found.seeds)
    return max(found.mean - reach, 0.0), min(found.mean + reach, 1.0)  # two seeds that differ make it very wide


def welch_p(first: Sequence[float], second: Sequence[float]) -> float | None:
    """How often seeds alone give as large a difference of means (Welch's t-test); None with fewer than two seeds each.

    Two configs whose seeds all give the same value differ for certain (0.0) or not at all (1.0).
    """
    if min(len(first), len(second)) < 2:
        return None
    if np.ptp(first) == 0 and np.ptp(second) == 0:
        return 1.0 if first[0] == second[0] else 0.0

    errors = [float(np.var(each, ddof=1)) / len(each) for each in (first, second)]
    t = (float(np.mean(first)) - float(np.mean(second))) / math.sqrt(sum(errors))
    freedom = sum(errors) ** 2 / sum(e**2 / (len(n) - 1) for e, n in zip(errors, (first, second), strict=True))
    return 2 * float(special.stdtr(freedom, -abs(t)))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p values corrected for their number (S. Holm, 1979), in the same order.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p_values[place]))
        corrected[place] = largest
    return corrected


def verdict(names: tuple[str, str], first_right: np.ndarray, second_right: np.ndarray, where: str = "test") -> Verdict:
    """Which of two networks is better on the same images, by how much, and whether it may be luck."""
    found = mcnemar(first_right, second_right)
    gap = abs(found.only_first - found.only_second)
    images = count(len(first_right))
    if not gap:
        return Verdict(
            f"**No clear winner**: both are right on the same number of the {images} {where} images, "
            f"{percent(float(first_right.mean()))}. They disagree on {found.disagreements:,} of them.",
            clear=False,
        )
    better, worse = names if found.only_first > found.only_second else names[::-1]
    difference = points(gap / len(first_right))
    opening = winner_text(better, worse, difference) if found.is_significant else no_winner_text(difference)
    return Verdict(
        f"{opening} Of the {images} {where} images, {better} alone is right on "
        f"{max(found.only_first, found.only_second):,} and {worse} alone on "
        f"{min(found.only_first, found.only_second):,}. Two equally good networks would differ this much in "
        f"{_share_in_words(found.p)} (McNemar's test, {p_text(found.p)}).",
        clear=found.is_significant,
    )


def seed_verdict(
    names: tuple[str, str], first: Sequence[float], second: Sequence[float], where: str = ""
) -> Verdict | None:
    """Whether two configs differ beyond the spread of their seeds; None if one has fewer than two seeds."""
    p = welch_p(first, second)
    if p is None:
        return None
    here, there = seed_statistics(first), seed_statistics(second)
    figures = f"Over seeds{f', on {where} images' * bool(where)}: {names[0]} {here}, {names[1]} {there}."
    gap = abs(here.mean - there.mean)
    if 100 * gap < 0.005:
        return Verdict(f"{figures} **No clear winner**: on average they are equal.", clear=False)
    better, worse = names if here.mean >= there.mean else names[::-1]
    opening = winner_text(better, worse, points(gap)) if p < LEVEL else no_winner_text(points(gap))
    return Verdict(f"{figures} {opening} (Welch's t-test, {p_text(p)}.)", clear=p < LEVEL)


def winner_text(better: str, worse: str, difference: str) -> str:
    return f"**{better}** is better than {worse} by {difference}, more than luck explains."


def no_winner_text(difference: str) -> str:
    return f"**No clear winner: {difference} may be luck.**"


def p_text(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def _share_in_words(p: float) -> str:
    if p < 0.001:
        return "fewer than 1 of 1,000 such tests"
    if p < 0.01:
        return f"about {round(1000 * p)} of 1,000 such tests"
    return f"about {round(100 * p)} of 100 such tests"
