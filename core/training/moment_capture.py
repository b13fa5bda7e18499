"""Captures moments while a network trains.

The training thread only copies the weights. Another thread measures the network in NumPy on one core and writes the
moment. While training runs, it measures only the newest copy, and only for a small share of the time: on busy cores
each measurement slows the training. The others follow after `fit`. Those who watch also see the network between two
moments: such a glance is removed when a newer one is written.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from threadpoolctl import ThreadpoolController

from core.config.run_config import RunConfig
from core.data.mnist import Mnist
from core.errors import RunError
from core.runs.moment import Moment
from core.training.batching import Sums
from core.training.moment_measure import MomentMeasure
from core.training.moment_pace import MomentPace

MAX_DOUBLINGS = 13  # steps 1, 2, 4, … 4096: a long run learns most before the first of its even moments
EVEN_MOMENTS = 24  # at least, spread evenly over a run
MAX_WHOLE_MOMENTS = 6
MAX_WHOLE_BYTES = 2_000_000  # of those after step 0 together
MAX_STEP_0_BYTES = 20_000_000
WAITING_BYTES = 200_000_000  # of weights that wait to be measured; more of them make training wait
_LOOK_SECONDS = 0.1  # how often the thread that measures asks whether it may go on
# Runs of one process measure in turns: the number of BLAS' threads is the same for all of them.
_ONE_MEASURES = threading.Lock()


class MomentSink(Protocol):
    """Where moments go."""

    def write(self, moment: Moment) -> None: ...

    def remove(self, step: int) -> None: ...

    def discard_after(self, step: int) -> None: ...


class WeightSource(Protocol):
    """A copy of a network's weights, cheap to make, and the means to bring it into Keras' order and shapes.

    batches: of an epoch.
    """

    batches: int

    def copy_weights(self) -> list[np.ndarray]: ...

    def full_weights(self, copied: list[np.ndarray]) -> list[np.ndarray]: ...


@dataclass(eq=False)
class _Snapshot:
    step: int
    copied: list[np.ndarray]
    sums: Sums | None  # of the epoch so far
    before: "_Snapshot | None"  # until it is measured: the change since then is a part of the moment
    is_shown: bool = True  # False: only the next one needs it
    is_kept: bool = True  # False: a glance


def moment_steps(epochs: int, batches: int) -> list[int]:
    """The steps after which a run of `epochs` times `batches` steps has a moment, 0 among them.

    Close together at first (1, 2, 4, …), then evenly, each epoch's end among them in runs of at most 24 epochs.
    """
    per_epoch = -(-EVEN_MOMENTS // epochs)
    if per_epoch > 1:
        fractions = np.arange(1, per_epoch + 1) / per_epoch
        even = (np.arange(epochs)[:, None] * batches + np.ceil(fractions * batches)).astype(int).ravel()
    else:
        even = np.round(np.arange(1, EVEN_MOMENTS + 1) * epochs / EVEN_MOMENTS).astype(int) * batches
    doubled = [2**power for power in range(MAX_DOUBLINGS) if 2**power < even[0]]
    return sorted({0, *doubled, *map(int, even)})


def whole_steps(steps: Sequence[int], batches: int, weight_bytes: int) -> set[int]:
    """The steps whose moments hold all weights: step 0, and others as far as they are small.

    The ends of epochs are not among them: their weights have files of their own.
    """
    if weight_bytes > MAX_STEP_0_BYTES:
        return set()
    candidates = [step for step in steps if step == 0 or step % batches]
    count = min(MAX_WHOLE_MOMENTS, 1 + MAX_WHOLE_BYTES // weight_bytes, len(candidates))
    return {candidates[place] for place in np.linspace(0, len(candidates), count, endpoint=False).astype(int)}


class MomentCapture:
    """The moments of one run: `capture` copies the weights, another thread does the rest."""

    def __init__(
        self,
        config: RunConfig,
        data: Mnist,
        source: WeightSource,
        sink: MomentSink,
        is_watched: Callable[[], bool] = lambda: False,
    ) -> None:
        self.source, self.sink, self.batches = source, sink, source.batches
        self.steps = moment_steps(config.epochs, self.batches)
        self.measure = MomentMeasure(config, data)
        self.measure.whole_steps = whole_steps(self.steps, self.batches, 4 * self.measure.parameters)
        self.pace = MomentPace(is_watched)
        self._wants_glance = False
        self._glance: int | None = None  # the step of the glance that is written
        self._glanced = -1  # the step of the newest glance that was asked for
        self._newest_measured = -1
        self._most_waiting = max(2, WAITING_BYTES // max(1, 4 * self.measure.parameters))
        self._waiting: list[_Snapshot] = []
        self._last: _Snapshot | None = None
        self._changed = threading.Condition()
        self._finishing = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="moments", daemon=True)

    def start(self, step: int) -> None:
        """Begins the series at `step`: with a moment of the untrained network, or where a resumed run continues."""
        was_stopped_here = step not in self.steps  # the moment of the stop is not one of the whole run
        self.sink.discard_after(step - 1 if was_stopped_here else step)
        self._add(_Snapshot(step, self.source.copy_weights(), None, None, is_shown=step == 0))
        self._thread.start()

    def capture(self, step: int, sums: Sums) -> None:
        """Copies the network as it is after `step`; `sums` are those of the epoch so far."""
        copied = Sums(sums.loss, sums.correct, sums.images)
        self._add(_Snapshot(step, self.source.copy_weights(), copied, self._last))

    def glance(self, step: int, sums: Sums) -> None:
        """Copies the network between two moments if those who watch wait for it."""
        if self._wants_glance and self._last is not None and step > max(self._last.step, self._glanced):
            self._wants_glance, self._glanced = False, step
            copied = Sums(sums.loss, sums.correct, sums.images)
            snapshot = _Snapshot(step, self.source.copy_weights(), copied, self._last, is_kept=False)
            with self._changed:
                self._waiting.append(snapshot)
                self._changed.notify_all()

    def capture_stop(self, step: int, sums: Sums) -> None:
        """As `capture`, where the run is stopped between two moments: its film ends with the network that it keeps."""
        if step not in self.steps:
            self.capture(step, sums)

    def finish(self) -> None:
        """Returns when all moments are written. Raises what went wrong, but for a full disk."""
        with self._changed:
            self._finishing = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        if self._error:
            raise self._error

    def _add(self, snapshot: _Snapshot) -> None:
        """Training waits here only if very many weights are not measured yet."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < self._most_waiting or self._error is not None)
            self._last = snapshot
            if snapshot.is_shown and not self._error:
                self._waiting.append(snapshot)
                self._changed.notify_all()

    def _work(self) -> None:
        try:
            _libraries()  # not a part of the first measurement
            while (snapshot := self._next()) is not None:
                started = time.thread_time()  # without the time when other programs have the processor
                is_newer = snapshot.step > self._newest_measured
                self._write(snapshot)
                self.pace.note(time.thread_time() - started, is_newer=is_newer)
                with self._changed:
                    self._changed.notify_all()
            self._remove_glance()
        except Exception as error:  # raised by `finish`, in the thread that trains
            with self._changed:
                self._error = error
                self._changed.notify_all()

    def _next(self) -> _Snapshot | None:
        """The newest snapshot, which the page shows; after `fit` the oldest first. None at the end."""
        with self._changed:
            while not self._finishing:
                is_full = len(self._waiting) >= self._most_waiting  # training waits
                is_newer = bool(self._waiting) and self._waiting[-1].step > self._newest_measured
                if self._waiting and (is_full or self.pace.may_measure(is_newer=is_newer)):
                    return self._waiting.pop()
                self._wants_glance = not is_newer and self.pace.wants_glance()
                self._changed.wait(timeout=_LOOK_SECONDS)
            self._waiting = [each for each in self._waiting if each.is_kept]
            return self._waiting.pop(0) if self._waiting else None

    def _write(self, snapshot: _Snapshot) -> None:
        before, snapshot.before = snapshot.before, None
        with _ONE_MEASURES, _libraries().limit(limits=1, user_api="blas"), np.errstate(all="ignore"):
            moment = self.measure(
                snapshot.step,
                snapshot.step / self.batches,
                snapshot.sums,
                self.source.full_weights(snapshot.copied),
                None if before is None else (before.step, self.source.full_weights(before.copied)),
            )
        with suppress(RunError, FileNotFoundError):  # a full disk or a deleted folder: the run itself says so
            self.sink.write(moment)
        self._newest_measured = max(self._newest_measured, snapshot.step)
        if self._glance is None or snapshot.step >= self._glance:  # an older moment leaves the glance in sight
            if self._glance != snapshot.step:
                self._remove_glance()
            self._glance = None if snapshot.is_kept else snapshot.step

    def _remove_glance(self) -> None:
        if self._glance is not None:
            self.sink.remove(self._glance)


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()
