"""Is one network really better than another, or was it luck? Tests and the verdict in words.

Two kinds of luck are told apart: that of the test images (McNemar's test, on the same images) and that of the seed
(the spread over several runs of one config).
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special  # not scipy.stats, whose import alone takes half a second

from core.errors import DataError

LEVEL = 0.05  # a difference that luck alone gives less often than this counts as real
_EXACT_BELOW = 25  # disagreements; above, chi-squared is close enough


@dataclass(frozen=True)
class McNemar:
    """Two networks on the same images: how often only one of them is right, and how often luck alone gives as much."""

    only_first: int
    only_second: int
    p: float

    @property
    def disagreements(self) -> int:
        return self.only_first + self.only_second

    @property
    def real(self) -> bool:
        return self.p < LEVEL


def mcnemar(first_right: np.ndarray, second_right: np.ndarray) -> McNemar:
    """McNemar's test on two bool (n,) arrays over the same images.

    Exact (binomial) below 25 disagreements, else chi-squared with continuity correction.
    Raises `DataError` if the two are not over the same images.
    """
    if first_right.shape != second_right.shape:
        raise DataError(
            "Two networks must be compared on the same images. "
            f"Received: {len(first_right):,} and {len(second_right):,} images. Evaluate both on the same data set."
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
class Spread:
    """The same config over several seeds: how many, the mean and the standard deviation (n − 1; NaN for one seed)."""

    seeds: int
    mean: float
    deviation: float

    def __str__(self) -> str:
        if self.seeds < 2:
            return f"{self.mean:.2%} (one seed)"
        return f"{self.mean:.2%} ± {100 * self.deviation:.2f} over {self.seeds} seeds"


def spread(accuracies: list[float]) -> Spread:
    """Mean and deviation of the accuracies of one config. Raises `DataError` for none."""
    if not accuracies:
        raise DataError("A spread needs at least one accuracy. Received: none. Finish a run first.")
    deviation = float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else math.nan
    return Spread(len(accuracies), float(np.mean(accuracies)), deviation)


def welch_p(first: list[float], second: list[float]) -> float | None:
    """How often seeds alone give as large a difference of means (Welch's t-test); None with fewer than two seeds each.

    Two configs whose seeds all give one same value differ for certain (0.0) or not at all (1.0).
    """
    if min(len(first), len(second)) < 2:
        return None
    if np.ptp(first) == 0 and np.ptp(second) == 0:
        return 1.0 if first[0] == second[0] else 0.0

    errors = [float(np.var(each, ddof=1)) / len(each) for each in (first, second)]
    t = (float(np.mean(first)) - float(np.mean(second))) / math.sqrt(sum(errors))
    freedom = sum(errors) ** 2 / sum(e**2 / (len(n) - 1) for e, n in zip(errors, (first, second), strict=True))
    return 2 * float(special.stdtr(freedom, -abs(t)))


def verdict(names: tuple[str, str], first_right: np.ndarray, second_right: np.ndarray, where: str = "test") -> str:
    """In words, which of two networks is better on the same images, by how much, and whether it may be luck."""
    found = mcnemar(first_right, second_right)
    gap = abs(found.only_first - found.only_second)
    images = len(first_right)
    if not gap:
        return (
            f"Both are right on the same number of the {images:,} {where} images: {first_right.mean():.2%}. "
            f"They disagree on {found.disagreements:,} of them."
        )
    better, worse = names if found.only_first > found.only_second else names[::-1]
    luck = (
        f"that is **more than the noise** of a single {where} set"
        if found.real
        else f"that is **within the noise** of a single {where} set"
    )
    return (
        f"**{better}** is better than {worse} by {100 * gap / images:.2f} points; {luck}. Of the {images:,} {where} "
        f"images, {max(found.only_first, found.only_second):,} are right with {better} alone and "
        f"{min(found.only_first, found.only_second):,} with {worse} alone. Two equally good networks would differ "
        f"this much in {_share_in_words(found.p)} (McNemar's test, p {_p(found.p)})."
    )


def seed_verdict(names: tuple[str, str], first: list[float], second: list[float]) -> str | None:
    """In words, whether two configs differ beyond the spread of their seeds; None if one has fewer than two seeds."""
    p = welch_p(first, second)
    if p is None:
        return None
    here, there = spread(first), spread(second)
    gap = 100 * abs(here.mean - there.mean)
    luck = "more than seeds alone explain" if p < LEVEL else "no more than seeds alone explain"
    better = names[0] if here.mean >= there.mean else names[1]
    if gap < 0.005:
        return f"Over seeds: {names[0]} {here}, {names[1]} {there}. On average they are equal."
    return (
        f"Over seeds: {names[0]} {here}, {names[1]} {there}. On average **{better}** is ahead by {gap:.2f} points, "
        f"**{luck}** (Welch's t-test, p {_p(p)})."
    )


def _share_in_words(p: float) -> str:
    if p < 0.001:
        return "fewer than 1 of 1,000 such tests"
    if p < 0.01:
        return f"about {round(1000 * p)} of 1,000 such tests"
    return f"about {round(100 * p)} of 100 such tests"


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}" if p < 0.1 else f"= {p:.2f}"
