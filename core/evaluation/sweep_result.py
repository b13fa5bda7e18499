"""What a sweep found out: the mean accuracy of each setting over its seeds, and which settings differ beyond luck."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations

from core.config.run_config import KNOBS, RunConfig
from core.evaluation.comparison import knob_text
from core.evaluation.significance import (
    LEVEL,
    Verdict,
    holm,
    mean_interval,
    no_winner_text,
    p_text,
    seed_statistics,
    welch_p,
)
from core.formatting import count, points

SEED = "seed"  # repeats an experiment; it is never a setting


@dataclass(frozen=True)
class Setting:
    """One combination of values in the knobs of a sweep, and its configs and accuracies in [0, 1], by seed."""

    name: str  # "units 64, dropout 0.2"; empty where only the seed varies
    values: tuple[object, ...]
    configs: tuple[RunConfig, ...]
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        return seed_statistics(self.accuracies).mean

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95% interval of the mean; None with one seed."""
        return mean_interval(self.accuracies)

    @property
    def summary(self) -> str:
        return str(seed_statistics(self.accuracies))


@dataclass(frozen=True)
class Pair:
    """Two settings, the better one first, and how often luck alone gives their difference: corrected for all pairs."""

    better: Setting
    worse: Setting
    p: float

    @property
    def gap(self) -> float:
        return self.better.mean - self.worse.mean

    @property
    def is_significant(self) -> bool:
        return self.p < LEVEL


@dataclass(frozen=True)
class SweepResult:
    """The settings of a sweep in the order of their values, and every pair of them that has at least two seeds each."""

    settings: tuple[Setting, ...]
    pairs: tuple[Pair, ...]

    @cached_property
    def best(self) -> Setting:
        """The setting with the highest mean."""
        return max(self.settings, key=lambda setting: setting.mean)

    @property
    def is_repeated(self) -> bool:
        """Whether at least one setting has several seeds."""
        return any(len(setting.accuracies) > 1 for setting in self.settings)

    @cached_property
    def contenders(self) -> tuple[Setting, ...]:
        """The best setting and those that may be as good: more seeds could tell them apart."""
        worse = {pair.worse.values for pair in self.pairs if pair.better is self.best and pair.is_significant}
        return tuple(setting for setting in self.settings if setting.values not in worse)

    @cached_property
    def verdict(self) -> Verdict | None:
        """Whether one setting is the best beyond luck; None where only the seed varies, or a seed repeats nothing."""
        if len(self.settings) < 2 or not self.pairs:
            return None
        if len(self.contenders) == 1:
            nearest = min((pair for pair in self.pairs if pair.better is self.best), key=lambda pair: pair.gap)
            text = (
                f"**{self.best.name}** is the best: better than the next by {points(nearest.gap)}, more than luck "
                f"explains ({p_text(max(pair.p for pair in self.pairs if pair.better is self.best))})."
            )
            return Verdict(text, clear=True)
        tested = {pair.worse.values for pair in self.pairs if pair.better is self.best}
        rivals = [setting for setting in self.contenders if setting is not self.best]
        judged = [setting for setting in rivals if setting.values in tested]
        rival = max(judged or rivals, key=lambda setting: setting.mean)
        names = f"{self.best.name} is ahead of {rival.name}"
        gap, others = points(self.best.mean - rival.mean), len(judged or rivals) - 1
        opening = no_winner_text(gap) if judged else "**No clear winner yet: too few seeds.**"
        more = f" and {count(others, 'other setting')}" if others else ""
        unjudged = len(rivals) - len(judged) if judged else 0
        have = "has" if unjudged == 1 else "have"
        rest = f" {count(unjudged, 'other setting')} {have} too few seeds." if unjudged else ""
        return Verdict(f"{opening} {names}{more} on average.{rest}", clear=False)


@lru_cache(maxsize=32)  # a sweep is drawn every two seconds while it trains
def sweep_result(knobs: tuple[str, ...], runs: tuple[tuple[RunConfig, float], ...]) -> SweepResult:
    """The result of complete runs, at least one. knobs: those that the sweep varies; runs: config and accuracy."""
    names = [name for name in knobs if name != SEED]
    by_values: dict[tuple[object, ...], dict[RunConfig, float]] = {}
    for config, accuracy in runs:
        values = tuple(getattr(config, name) for name in names)
        by_values.setdefault(values, {})[config] = accuracy  # a config that was trained twice gives one accuracy
    settings = tuple(_setting(names, values, by_values[values]) for values in sorted(by_values, key=_order))
    return SweepResult(settings, _pairs(settings))


def more_seeds(result: SweepResult, seeds: int, settings: int) -> list[RunConfig]:
    """New seeds for the best contenders, at most `settings` of them.

    Afterwards each has `seeds` more than the contender with the most has now.
    """
    repeated = sorted(result.contenders, key=lambda setting: -setting.mean)[:settings]
    most = max(len(setting.configs) for setting in repeated)
    return [config for setting in repeated for config in _new_seeds(setting, most + seeds)]


def _new_seeds(setting: Setting, count_needed: int) -> list[RunConfig]:
    used = {config.seed for config in setting.configs}
    missing = count_needed - len(setting.configs)
    unused = (seed for seed in range(1, count_needed + len(used) + 1) if seed not in used)
    return [setting.configs[0].changed(seed=seed) for seed, _ in zip(unused, range(missing), strict=False)]


def _setting(names: Sequence[str], values: tuple[object, ...], runs: dict[RunConfig, float]) -> Setting:
    name = ", ".join(
        f"{KNOBS[knob].label.lower()} {knob_text(knob, value)}" for knob, value in zip(names, values, strict=True)
    )
    configs = tuple(sorted(runs, key=lambda config: config.seed))
    return Setting(name, values, configs, tuple(runs[config] for config in configs))


def _pairs(settings: Sequence[Setting]) -> tuple[Pair, ...]:
    found = []
    for first, second in combinations(settings, 2):
        p = welch_p(first.accuracies, second.accuracies)
        if p is not None:
            found.append((*((first, second) if first.mean >= second.mean else (second, first)), p))
    corrected = holm([p for _, _, p in found])
    return tuple(Pair(better, worse, p) for (better, worse, _), p in zip(found, corrected, strict=True))


def _order(values: tuple[object, ...]) -> list[tuple[bool, float, str]]:
    return [(False, float(v), "") if isinstance(v, (int, float)) else (True, 0.0, str(v)) for v in values]
