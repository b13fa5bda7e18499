"""Which knob mattered: how much of the differences between runs each knob explains on its own.

For runs over every combination this is the first-order part of an analysis of variance (Sobol's first index): the
squared distances of each value's mean from the mean of all, as a share of the squared distances of all runs. The rest,
which no knob explains on its own, is how the knobs act together, and luck. With fewer runs, or runs that are unevenly
spread, it is an approximation.
"""

from collections.abc import Mapping, Sequence

import numpy as np

RESIDUAL = ""  # the share that no knob explains alone


def main_effects(knobs: Mapping[str, Sequence[object]], scores: Sequence[float]) -> dict[str, float]:
    """Shares in [0, 1] by knob, largest first, and last, under an empty name, the rest; all sum to 1.

    knobs: the value of each knob in each run; scores: how good each run was. Empty where the runs do not differ.
    """
    found = np.asarray(scores, np.float64)
    total = float(((found - found.mean()) ** 2).sum()) if len(found) else 0.0
    if total <= 1e-12:
        return {}
    shares = {name: _between(values, found) / total for name, values in knobs.items() if len(set(values)) > 1}
    scale = max(1.0, sum(shares.values()))  # knobs that move together would be counted twice
    shares = {name: share / scale for name, share in sorted(shares.items(), key=lambda pair: -pair[1])}
    return {**shares, RESIDUAL: max(0.0, 1.0 - sum(shares.values()))}


def has_residual_degrees_of_freedom(knobs: Mapping[str, Sequence[object]]) -> bool:
    """Whether there are more runs than the means of the values use up.

    Otherwise these means are the runs themselves, and the knobs seem to explain everything, luck included.
    """
    runs = len(next(iter(knobs.values()), ()))
    return runs - 1 > sum(len(set(values)) - 1 for values in knobs.values())


def _between(values: Sequence[object], scores: np.ndarray) -> float:
    """Sum of squares between the values' means."""
    groups: dict[object, list[float]] = {}
    for value, score in zip(values, scores, strict=True):
        groups.setdefault(value, []).append(float(score))
    return sum(len(members) * (float(np.mean(members)) - float(scores.mean())) ** 2 for members in groups.values())
