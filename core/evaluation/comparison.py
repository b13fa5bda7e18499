"""Runs side by side: one row for each run, and the knobs in which runs differ."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from core.config.run_config import KNOBS, NETWORK, RunConfig
from core.evaluation.evaluation_cache import cached_evaluation, changed_at
from core.evaluation.metrics import wilson_interval
from core.evaluation.seal import sealed_after
from core.runs.data_match import DataInUse
from core.runs.events import FINISHED
from core.runs.store import ACTIVE, MIN_STABLE_NS, Run, RunStore
from core.runs.summaries import Summaries, Summary

_KNOB_VALUES = attrgetter(*KNOBS)
MAX_KNOWN = 5000  # rows of different parts of a long list
_NOT_THE_EXPERIMENT = ("seed", "device")  # equal configs with several seeds are one experiment, repeated


class Experiment(NamedTuple):
    """What all repetitions share. data: the fingerprint of their data set, empty if it is unknown."""

    setting: RunConfig
    data: str


@dataclass(frozen=True, eq=False)
class RunRow:
    """One run as the table shows it. Accuracies are shares in [0, 1]; None where there is none, or it is sealed.

    test_images: how many gave the test accuracy. None, as the interval, where nobody knows: another data set is in use.
    """

    run: Run
    summary: Summary
    state: str
    sealed: bool
    test: float | None
    test_interval: tuple[float, float] | None
    test_images: int | None
    test_loss: float | None
    test_is_elsewhere: bool  # whether `test` was measured on another data set than the one in use

    @property
    def config(self) -> RunConfig:
        return self.run.config

    @cached_property  # read for hundreds of runs at every click
    def setting(self) -> RunConfig:
        """The config without its seed and device."""
        return self.config.changed(**{name: getattr(RunConfig, name) for name in _NOT_THE_EXPERIMENT})

    @cached_property
    def unknown_knobs(self) -> frozenset[str]:
        """The knobs that nobody knows: those of training, of a network that somebody opened from a file."""
        if self.run.foreign:
            return frozenset(KNOBS)
        opened = self.run.is_opened_network
        return frozenset(name for name, knob in KNOBS.items() if opened and knob.group != NETWORK)

    @cached_property
    def silent_knobs(self) -> frozenset[str]:
        """The knobs whose values say nothing about this run: they have no effect on it, or nobody knows them."""
        return self.unknown_knobs.union(self.config.unused_knobs)

    @property
    def experiment(self) -> Experiment:
        """Equal for all repetitions."""
        return Experiment(self.setting, self.run.data_fingerprint)

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
        evaluation = self.summary.saved_validation
        return evaluation if evaluation is not None else self.test

    @cached_property
    def follows_its_config(self) -> bool:
        """Whether its knobs alone lead to it: its learning rate was not changed, and it was not personalised."""
        return not self.run.rates and not self.run.is_personalised

    @property
    def is_repetition(self) -> bool:
        """Whether it counts as one complete run of its experiment, with its seed."""
        return self.state == FINISHED and self.follows_its_config


class RunRows:
    """The rows of all runs of a store. The row of a run that has ended is reused until its folder changes."""

    def __init__(self, store: RunStore, summaries: Summaries) -> None:
        self._store, self._summaries = store, summaries
        self._known: dict[str, tuple[RunRow, tuple[DataInUse, int]]] = {}

    def all(self, data: DataInUse, runs: Iterable[Run] | None = None) -> list[RunRow]:
        """Every run, newest first, or those in `runs`."""
        found = [(run, self._row(run, data)) for run in (self._store.runs() if runs is None else runs)]
        known = {run.id: evaluation for run, evaluation in found}
        self._known = known if len(self._known) > MAX_KNOWN or runs is None else {**self._known, **known}
        return [row for _, (row, _) in found]

    def _row(self, run: Run, data: DataInUse) -> tuple[RunRow, tuple[DataInUse, int]]:
        now, stamp = time.time_ns(), (data, changed_at(run))
        known = self._known.get(run.id)
        # The store makes a new object of a run when anything in its folder has changed.
        if known and known[0].run is run and known[0].state not in ACTIVE and known[1] == stamp:
            return known
        row = build_row(run, self._store, self._summaries, data)
        return row, stamp if now - stamp[1] > MIN_STABLE_NS else (data, 0)


def build_row(run: Run, store: RunStore, summaries: Summaries, data: DataInUse) -> RunRow:
    summary = summaries.get(run)
    evaluation = cached_evaluation(run)
    test, interval, test_images, loss, is_elsewhere = None, None, None, None, False
    if evaluation is not None:
        test, interval, test_images, loss = evaluation.accuracy, evaluation.interval, evaluation.images, evaluation.loss
    elif summary.ended and summary.ended.test_accuracy is not None:
        test, loss = summary.ended.test_accuracy, summary.ended.test_loss
        is_elsewhere = not data.has_trained(run)
        if test_images := data.test_images_of(run):
            interval = wilson_interval(round(test * test_images), test_images)
    sealed = test is None and sealed_after(run, summary.ended)
    return RunRow(run, summary, store.state(run), sealed, test, interval, test_images, loss, is_elsewhere)


def differing_knobs(configs: Iterable[RunConfig]) -> list[str]:
    """The knobs that are not the same in all configs, in the order of the knobs."""
    values = zip(*map(_KNOB_VALUES, configs), strict=True)
    return [name for name, column in zip(KNOBS, values, strict=False) if len(set(column)) > 1]


def describe_differences(configs: Sequence[RunConfig]) -> list[str]:
    """Each config by the knobs in which it differs: 'units 64, seed 2'. Empty where nothing differs."""
    names = differing_knobs(configs)
    return [
        ", ".join(f"{KNOBS[name].label.lower()} {knob_text(name, getattr(c, name))}" for name in names) for c in configs
    ]


def knob_text(name: str, value: object, empty: str = "none") -> str:
    """The value of the knob `name` as people read it; `empty` for an empty text."""
    return KNOBS[name].shown(value, empty)
