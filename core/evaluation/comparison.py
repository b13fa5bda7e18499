"""Runs side by side: one row for each run, and the knobs in which runs differ."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

from core.config.run_config import KNOBS, RunConfig
from core.evaluation.evaluations import changed_at, kept_evaluation
from core.evaluation.metrics import wilson
from core.evaluation.seal import sealed_after
from core.runs.events import FINISHED
from core.runs.store import ACTIVE, TICK, Run, RunStore
from core.runs.summaries import Summaries, Summary

_KNOB_VALUES = attrgetter(*KNOBS)
_NOT_THE_EXPERIMENT = ("seed", "device")  # equal configs with several seeds are one experiment, repeated


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

    @cached_property  # read for hundreds of runs at every click
    def experiment(self) -> RunConfig:
        """The config without its seed and device: equal for all repetitions."""
        return self.config.changed(**{name: getattr(RunConfig, name) for name in _NOT_THE_EXPERIMENT})

    @property
    def parameters(self) -> int | None:
        return self.summary.started.parameters if self.summary.started else None

    @property
    def device(self) -> str:
        return self.summary.started.device if self.summary.started else ""

    @property
    def validation(self) -> float | None:
        """The best validation accuracy: the figure to choose a run by."""
        return self.summary.best_validation

    @property
    def score(self) -> float | None:
        """The accuracy of the saved network: on validation images, or on the test set where there are none."""
        kept = self.summary.kept_validation
        return kept if kept is not None else self.test

    @cached_property
    def follows_its_config(self) -> bool:
        """Whether its knobs alone lead to it: its learning rate was not changed, and it was not personalised."""
        return not self.run.rates and not self.run.taught

    @property
    def repeats(self) -> bool:
        """Whether it counts as one complete run of its experiment, with its seed."""
        return self.state == FINISHED and self.follows_its_config


class Rows:
    """The rows of all runs of a store. The row of a run that has ended is reused until its folder changes."""

    def __init__(self, store: RunStore, summaries: Summaries) -> None:
        self._store, self._summaries = store, summaries
        self._known: dict[str, tuple[Row, tuple[int, int]]] = {}

    def all(self, test_images: int) -> list[Row]:
        """Every run, newest first. `test_images`: the size of the test set in use, for the interval."""
        found = [(run, self._row(run, test_images)) for run in self._store.runs()]
        self._known = {run.id: kept for run, kept in found}
        return [row for _, (row, _) in found]

    def _row(self, run: Run, test_images: int) -> tuple[Row, tuple[int, int]]:
        now, stamp = time.time_ns(), (test_images, changed_at(run))
        known = self._known.get(run.id)
        # The store makes a new object of a run when anything in its folder has changed.
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
    sealed = test is None and sealed_after(run, summary.ended)
    return Row(run, summary, store.state(run), sealed, test, interval, test_images, loss)


def varying(configs: Iterable[RunConfig]) -> list[str]:
    """The knobs that are not the same in all configs, in the order of the knobs."""
    values = zip(*map(_KNOB_VALUES, configs), strict=True)
    return [name for name, column in zip(KNOBS, values, strict=False) if len(set(column)) > 1]


def described(configs: Sequence[RunConfig]) -> list[str]:
    """Each config by the knobs in which it differs: 'units 64, seed 2'. Empty where nothing differs."""
    names = varying(configs)
    return [", ".join(f"{KNOBS[name].label.lower()} {knob_text(getattr(c, name))}" for name in names) for c in configs]


def knob_text(value: object, empty: str = "none") -> str:
    """A knob's value as people read it; `empty` for an empty text."""
    return f"{value:g}" if isinstance(value, float) else str(value) or empty
