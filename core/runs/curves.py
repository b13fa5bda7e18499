"""The curves of a run for a live chart. Each refresh reads only the events written since the last one."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.runs.events import BatchDone, EpochDone, Event, Paused, RateChanged, RunEnded, Started, Untrained
from core.runs.store import Run
from core.runs.timeline import before_resume

STEP, EPOCH, SECONDS = "step", "epoch", "seconds"
AXES = (STEP, EPOCH, SECONDS)


@dataclass
class Curves:
    """Points within the epochs, points at their ends, and changes of the learning rate, in the order of training.

    `generation` grows when points that were already returned no longer count, because a resumed run trains them again.
    """

    run: Run
    generation: int = 0
    batches: list[BatchDone] = field(default_factory=list)
    epochs: list[EpochDone] = field(default_factory=list)
    rates: list[RateChanged] = field(default_factory=list)
    started: Started | None = None
    untrained: Untrained | None = None  # the first point of each curve; runs of earlier versions lack it
    ended: RunEnded | None = None
    paused: Paused | None = None
    _offset: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refresh(self) -> "Curves":
        """Reads the events written since the last refresh."""
        with self._lock:
            try:
                if self.run.events_path.stat().st_size < self._offset:
                    self._start_over()
            except OSError:
                return self
            events, self._offset = self.run.events(self._offset)
            for event in events:
                self._take(event)
        return self

    def batch_points(self, axis: str, what: str) -> tuple[np.ndarray, np.ndarray]:
        """x and y of the points within epochs, float64 (n,) each; `what` is loss or accuracy."""
        return self._points([*self._first_point(what), *self.batches], axis, lambda event: getattr(event, what))

    def epoch_points(self, axis: str, what: str) -> tuple[np.ndarray, np.ndarray]:
        """x and y of the points at epoch ends; `what` is a field of `EpochDone`. Epochs without it are left out."""
        measured = [epoch for epoch in self.epochs if getattr(epoch, what) is not None]
        return self._points([*self._first_point(what), *measured], axis, lambda event: getattr(event, what))

    def at(self, event: Untrained | BatchDone | EpochDone | RateChanged, axis: str) -> float:
        """The event's place on the axis."""
        match axis:
            case "epoch":
                return event.step / self.started.batches if self.started else 0.0
            case "seconds":
                return event.seconds
            case _:
                return float(event.step)

    def best_epoch(self) -> EpochDone | None:
        """The epoch with the lowest validation loss so far; None without validation."""
        measured = [epoch for epoch in self.epochs if epoch.validation_loss is not None]
        return min(measured, key=lambda epoch: epoch.validation_loss or 0.0, default=None)

    def _first_point(self, what: str) -> list[Untrained]:
        return [self.untrained] if self.untrained and getattr(self.untrained, what, None) is not None else []

    def _points(
        self, events: Sequence[Untrained | BatchDone | EpochDone], axis: str, what: Callable[[Any], float]
    ) -> tuple[np.ndarray, np.ndarray]:
        x = np.array([self.at(event, axis) for event in events], float)
        return x, np.array([what(event) for event in events], float)

    def _take(self, event: Event) -> None:
        self.paused = event if isinstance(event, Paused) else None
        match event:
            case Started():
                self._discard_later_epochs(event)
                self.started, self.ended = event, None
            case Untrained():
                self.untrained = event
            case BatchDone():
                self.batches.append(event)
            case EpochDone():
                self.epochs.append(event)
            case RateChanged():
                self.rates.append(event)
            case RunEnded():
                self.ended = event

    def _discard_later_epochs(self, started: Started) -> None:
        before = len(self.batches), len(self.epochs), len(self.rates)
        self.batches = before_resume(self.batches, started)
        self.epochs = before_resume(self.epochs, started)
        self.rates = before_resume(self.rates, started)
        self.generation += (len(self.batches), len(self.epochs), len(self.rates)) != before

    def _start_over(self) -> None:
        self._offset, self.generation = 0, self.generation + 1
        self.batches, self.epochs, self.rates = [], [], []
        self.started = self.untrained = self.ended = self.paused = None
