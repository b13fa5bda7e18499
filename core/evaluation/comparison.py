"""Runs side by side: one row a run, the knobs that differ, curves on one axis, seeds as mean and band."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import isfinite
from operator import attrgetter

import numpy as np

from core.config.run_config import KNOBS, RunConfig
from core.evaluation.evaluations import changed_at, kept_evaluation, openings
from core.evaluation.metrics import wilson
from core.evaluation.significance import spread
from core.runs.events import FINISHED
from core.runs.store import ACTIVE, TICK, Run, RunStore
from core.runs.summaries import Curve, Summaries, Summary

UNITS = ("step", "epoch", "seconds")
_KNOB_VALUES = attrgetter(*KNOBS)
_NOT_THE_EXPERIMENT = ("seed", "device")  # equal configs over several seeds are one experiment, repeated


@dataclass(frozen=True, eq=False)
class Row:
    """One run as the table shows it. Accuracies are shares in [0, 1]; None where there is none, or it is sealed."""

    run: Run
    summary: Summary
    state: str
    sealed: bool
    test: float | None
    test_interval: tuple[float, float] | None
    test_images: int
    test_loss: float | None

    @property
    def config(self) -> RunConfig:
        return self.run.config

    @cached_property  # asked of hundreds of runs at every click
    def experiment(self) -> RunConfig:
        """The config without its seed and device: what is the same over a repetition."""
        return self.config.changed(**{name: getattr(RunConfig, name) for name in _NOT_THE_EXPERIMENT})

    @property
    def parameters(self) -> int | None:
        return self.summary.started.parameters if self.summary.started else None

    @property
    def device(self) -> str:
        return self.summary.started.device if self.summary.started else ""

    @property
    def validation(self) -> float | None:
        """The best validation accuracy: what one may choose a run by."""
        return self.summary.best_validation

    @property
    def score(self) -> float | None:
        """How good the network is that is kept: on validation images, or on the test set where there are none."""
        kept = self.summary.kept_validation
        return kept if kept is not None else self.test

    @cached_property
    def plain(self) -> bool:
        """Whether its knobs lead to it again: nothing was set by hand while it trained, and it was taught no hand."""
        return not self.run.rates and not self.run.taught

    @property
    def repeats(self) -> bool:
        """Whether it counts as its experiment carried out once, with its seed: whole, and as the knobs say."""
        return self.state == FINISHED and self.plain


class Rows:
    """The rows of all runs of a store; that of a run that is over is kept as long as nothing in its folders changes."""

    def __init__(self, store: RunStore, summaries: Summaries) -> None:
        self._store, self._summaries = store, summaries
        self._known: dict[str, tuple[Row, tuple[int, int]]] = {}

    def all(self, test_images: int) -> list[Row]:
        """Every run, newest first. `test_images`: how many the test set in use has, for the interval."""
        found = [(run, self._row(run, test_images)) for run in self._store.runs()]
        self._known = {run.id: kept for run, kept in found}
        return [row for _, (row, _) in found]

    def _row(self, run: Run, test_images: int) -> tuple[Row, tuple[int, int]]:
        now, stamp = time.time_ns(), (test_images, changed_at(run))
        known = self._known.get(run.id)
        # The store reads a run anew, and so makes another object of it, when anything in its folder has changed.
        if known and known[0].run is run and known[0].state not in ACTIVE and known[1] == stamp:
            return known
        row = row_of(run, self._store, self._summaries, test_images)
        return row, stamp if now - stamp[1] > TICK else (0, 0)


def row_of(run: Run, store: RunStore, summaries: Summaries, test_images: int) -> Row:
    summary = summaries.of(run)
    kept = kept_evaluation(run)
    test, interval, loss = None, None, None
    if kept is not None:
        test, interval, test_images, loss = kept.accuracy, kept.interval, kept.images, kept.loss
    elif summary.ended and summary.ended.test_accuracy is not None:
        test, loss = summary.ended.test_accuracy, summary.ended.test_loss
        interval = wilson(round(test * test_images), test_images)
    # As `evaluations.sealed` has it, without reading the events of hundreds of runs for their last word.
    sealed = run.config.validate_on == "held-out" and test is None and not openings(run)
    return Row(run, summary, store.state(run), sealed, test, interval, test_images, loss)


def varying(configs: Iterable[RunConfig]) -> list[str]:
    """The knobs that are not the same in all of them, in the order of the knobs."""
    values = zip(*map(_KNOB_VALUES, configs), strict=True)
    return [name for name, column in zip(KNOBS, values, strict=False) if len(set(column)) > 1]


def repetitions(found: Sequence[Row]) -> list[list[Row]]:
    """Rows of the same experiment together, one a seed, in the order in which each first appears.

    Alone stand those that are no repetition (unfinished, steered by hand, taught a hand) and a seed's second run: its
    curve is the first one's over again, and would make the spread of the seeds look smaller than it is.
    """
    groups: dict[tuple[RunConfig, str], list[Row]] = {}
    seeds: set[tuple[RunConfig, int]] = set()
    for row in found:
        seed = row.experiment, row.config.seed
        joins = row.repeats and seed not in seeds
        if joins:
            seeds.add(seed)
        groups.setdefault((row.experiment, "" if joins else row.run.id), []).append(row)
    return list(groups.values())


@dataclass(frozen=True, eq=False)
class Group:
    """Rows with one value of a knob, and a title that says how good they are."""

    value: object
    rows: list[Row]
    title: str


def grouped(found: Sequence[Row], knob: str) -> list[Group]:
    """The rows by their value of a knob, in the order of the values."""
    values: dict[object, list[Row]] = {}
    for row in found:
        values.setdefault(getattr(row.config, knob), []).append(row)
    return [Group(value, values[value], _group_title(knob, value, values[value])) for value in sorted(values, key=_key)]


def _key(value: object) -> tuple[bool, float, str]:
    return (False, float(value), "") if isinstance(value, (int, float)) else (True, 0.0, str(value))


def _group_title(knob: str, value: object, members: list[Row]) -> str:
    runs = f"{KNOBS[knob].label} {_value(value)} · {len(members)} run{'s' if len(members) > 1 else ''}"
    validated = [row.validation for row in members if row.validation is not None]
    if not validated:
        return runs
    found = spread(validated)
    width = f" ± {100 * found.deviation:.2f}" if found.seeds > 1 else ""
    return f"{runs} · best validation {found.mean:.2%}{width}, at most {max(validated):.2%}"


def described(configs: Sequence[RunConfig]) -> list[str]:
    """Each config by what sets it apart from the others: 'units 64, seed 2'. Empty where nothing does."""
    names = varying(configs)
    return [", ".join(f"{KNOBS[name].label.lower()} {_value(getattr(c, name))}" for name in names) for c in configs]


def smoothed(values: np.ndarray, weight: float) -> np.ndarray:
    """The running mean of TensorBoard: each point is `weight` (0 to < 1) of the one before and the rest of itself.

    Corrected for its start, as Adam is: without that the first points are drawn towards 0.
    """
    if weight <= 0 or not len(values):
        return values
    found, last = [], 0.0
    for value in values.tolist():  # Python's own numbers: six times as fast in a loop as NumPy's
        last = weight * last + (1 - weight) * value if isfinite(value) else last
        found.append(last)
    return np.array(found) / (1 - weight ** np.arange(1, len(values) + 1))


@dataclass(frozen=True, eq=False)
class Band:
    """Several curves as one: the mean at each place, and mean ± one standard deviation. float64 (points,) each."""

    x: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def band(curves: Sequence[tuple[np.ndarray, np.ndarray]], points: int = 200) -> Band:
    """Mean and spread of curves (x, y), as far as all of them reach; between its points a curve is a straight line."""
    first = max(float(x[0]) for x, _ in curves)
    last = min(float(x[-1]) for x, _ in curves)
    shared = curves[0][0] if all(np.array_equal(x, curves[0][0]) for x, _ in curves) else None
    x = shared if shared is not None else np.linspace(first, max(first, last), points)
    values = np.stack([np.interp(x, xs, ys) for xs, ys in curves])
    mean = values.mean(axis=0)
    deviation = values.std(axis=0, ddof=1) if len(curves) > 1 else np.zeros_like(mean)
    return Band(np.asarray(x, np.float64), mean, mean - deviation, mean + deviation)


def validation_curve(summary: Summary, measure: str, unit: str) -> tuple[np.ndarray, np.ndarray]:
    """(x, y) of `accuracy` or `loss` on validation, one point an epoch that has one. float64 (epochs,) each."""
    points = [
        (getattr(epoch, unit), value)
        for epoch in summary.epochs
        if (value := getattr(epoch, f"validation_{measure}")) is not None
    ]
    pairs = np.array(points, np.float64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


@lru_cache(maxsize=256)  # of some dozens of runs, at every click
def training_curve(curve: Curve, measure: str, unit: str, smoothing: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(x, y) of `accuracy` or `loss` along the training. float64 (points,) each."""
    y = np.asarray(getattr(curve, measure), np.float64)
    return np.asarray(getattr(curve, unit), np.float64), smoothed(y, smoothing)


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value) or "none"
