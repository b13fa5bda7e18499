"""Captures moments while a network trains.

The training thread only copies the weights. A thread of low priority measures the network and writes the moment, in
NumPy on one core: on two busy cores it takes what training leaves over, and finishes after `fit`.
"""

import os
import queue
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from threadpoolctl import ThreadpoolController

from core.config.run_config import RunConfig
from core.data.mnist import Mnist
from core.errors import RunError
from core.runs.moments import Moment
from core.training.batching import Sums
from core.training.moment_measure import MomentMeasure

MAX_DOUBLINGS = 10  # steps 1, 2, 4, … 512
EVEN_MOMENTS = 24  # at least, spread evenly over a run
MAX_WHOLE_MOMENTS = 6
MAX_WHOLE_BYTES = 2_000_000  # of those after step 0 together
MAX_STEP_0_BYTES = 20_000_000
QUEUE_BYTES = 100_000_000  # of weights that wait to be measured; more of them make training wait
LOWEST_PRIORITY = 19


class MomentSink(Protocol):
    """Where moments go."""

    def write(self, moment: Moment) -> None: ...

    def discard_after(self, step: int) -> None: ...


class WeightSource(Protocol):
    """A copy of a network's weights, cheap to make, and the means to bring it into Keras' order and shapes."""

    def copy_weights(self) -> list[np.ndarray]: ...

    def full_weights(self, copied: list[np.ndarray]) -> list[np.ndarray]: ...


@dataclass(frozen=True, eq=False)
class _Snapshot:
    step: int
    copied: list[np.ndarray]
    sums: Sums | None  # of the epoch so far
    is_shown: bool = True  # False: only measures how far the weights move until the next one


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
    """The moments of one run: `capture` copies the weights, a thread of its own does the rest."""

    def __init__(self, config: RunConfig, data: Mnist, source: WeightSource, sink: MomentSink, batches: int) -> None:
        self.source, self.sink, self.batches = source, sink, batches
        self.steps = moment_steps(config.epochs, batches)
        self.measure = MomentMeasure(config, data)
        self.measure.whole_steps = whole_steps(self.steps, batches, 4 * self.measure.parameters)
        copied_bytes = max(1, 4 * self.measure.parameters)
        self._queue: queue.Queue[_Snapshot | None] = queue.Queue(max(2, QUEUE_BYTES // copied_bytes))
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="moments", daemon=True)

    def start(self, step: int) -> None:
        """Begins the series at `step`: with a moment of the untrained network, or where a resumed run continues."""
        self.sink.discard_after(step)
        self._thread.start()
        self._queue.put(_Snapshot(step, self.source.copy_weights(), None, is_shown=step == 0))

    def capture(self, step: int, sums: Sums) -> None:
        """Copies the network as it is after `step`; `sums` are those of the epoch so far."""
        copied = Sums(sums.loss, sums.correct, sums.images)
        self._queue.put(_Snapshot(step, self.source.copy_weights(), copied))

    def finish(self) -> None:
        """Returns when all moments are written. Raises what went wrong, but for a full disk."""
        if not self._thread.is_alive():
            return
        self._queue.put(None)
        self._thread.join()
        if self._error:
            raise self._error

    def _work(self) -> None:
        if sys.platform == "linux":  # elsewhere a thread has no priority of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)
        while (snapshot := self._queue.get()) is not None:
            if self._error:
                continue
            try:
                self._write(snapshot)
            except Exception as error:  # raised by `finish`, in the thread that trains
                self._error = error

    def _write(self, snapshot: _Snapshot) -> None:
        with _libraries().limit(limits=1, user_api="blas"), np.errstate(all="ignore"):
            epoch = snapshot.step / self.batches
            moment = self.measure(snapshot.step, epoch, snapshot.sums, self.source.full_weights(snapshot.copied))
        if snapshot.is_shown:
            with suppress(RunError, FileNotFoundError):  # a full disk or a deleted folder: the run itself says so
                self.sink.write(moment)


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()
