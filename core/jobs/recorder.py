"""Trains one run of a store and saves all of it in the run's folder. The worker and the command line use it."""

import math
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from core.data import mnist
from core.devices.computing import is_out_of_memory
from core.errors import DigitLabError, RunError
from core.evaluation import evaluations
from core.files import explain_disk_errors, remove_temporary_files, sync_folder, write_atomic
from core.jobs import slots
from core.jobs.live_tensorboard import LiveTensorBoard
from core.jobs.run_files import RunFiles
from core.runs.control import ControlReader
from core.runs.events import FAILED, STOPPED, BatchDone, EpochDone, Event, RunEnded, Started
from core.runs.moments import MomentFolder
from core.runs.store import Run, RunStore
from core.runs.timeline import EventFile
from core.training import warmup
from core.training.warmup import WarmNetwork

if TYPE_CHECKING:
    from core.training.hooks import Control
    from core.training.pack import Member
    from core.training.trainer import TrainingResult

RESERVED_BYTES = 64 * 1024
_NO_MEMORY = (
    "The computer ran out of memory. Close other programs, or choose a smaller network or batch size. Then resume."
)
YIELDED_REASON = "It was stopped because others waited for the device while it was paused. Resume continues from here."


class Together(NamedTuple):
    """A run's part in a pack of `size` runs, whose place in a slot is held already."""

    member: "Member"
    control: ControlReader
    size: int


class RunRecorder:
    """Trains one run and records it: events, weights, and the reason if it fails.

    `warm` is a network whose program is compiled. Afterwards it is the trained one, for another seed of the config.
    """

    def __init__(
        self,
        store: RunStore,
        run_id: str,
        *,
        on_event: Callable[[Event], None] = lambda event: None,
        on_wait: Callable[[str], None] = lambda run_id: None,
        warm: WarmNetwork | None = None,
        together: Together | None = None,
    ) -> None:
        self.store, self.record, self.warm = store, store.get(run_id), warm
        self.on_event, self.on_wait = on_event, on_wait
        self.together = together
        self.control = together.control if together else ControlReader(self.record)
        self.files, self.tensorboard = RunFiles(store, self.record), LiveTensorBoard(self.record)
        self.diverged = ""  # the reason, once the loss is no longer a number
        self._is_next_seed = False

    def run(self, *, claim: bool = False) -> RunEnded | None:
        """Trains to the end. `claim`: only if the run still waits. None if it was cancelled or trains elsewhere."""
        remove_temporary_files(self.record.folder)
        lock, self.events = self.record.lock, EventFile(self.record.events_path)
        try:
            if not lock.acquire({"pid": os.getpid(), "since": time.time(), "after": self.events.size}):
                return None
            if claim and not self._claim():
                return None
            with _reserved_disk(self.record.folder / "room"), self._slot():
                ended = self._train_safely()
            self._write_end(ended)
            return ended
        finally:
            lock.release()
            self.events.close()

    def stop(self) -> None:
        """Stops the run after its current engine call, as a visitor's Stop does."""
        self.control.stop()

    def _claim(self) -> bool:
        """Whether this process may train the run: a visitor who cancels it removes the same file."""
        try:
            self.record.queued_path.unlink()
        except FileNotFoundError:
            return False
        return True

    def _slot(self) -> AbstractContextManager[None]:
        """Holds a device that has room, and waits for one."""
        if self.together:
            return nullcontext()
        return slots.hold(self.store, [self.record], self.on_wait, self.control.should_stop)

    def _train_safely(self) -> RunEnded:
        try:
            return self._train()
        except DigitLabError as error:
            return self._failed(str(error))
        except Exception as error:
            traceback.print_exc()
            return self._failed(_reason(error, logged=self.record.log_path.exists()))

    def _train(self) -> RunEnded:
        from core.training import trainer
        from core.training.hooks import Hooks

        resume = self.files.load_state()
        if self.control.should_stop():
            raise RunError("The run was stopped before it began. Resume it to train it.")
        warm, self.warm = self.warm, None  # a training that fails leaves other weights in it
        network = warm.network_for(self.record.config) if warm else None
        self._is_next_seed = warm is not None and warm.is_trained and network is not None
        result = trainer.train(
            self.record.config,
            self.files.load_data(),
            self._emit,
            Hooks(
                cast("Control", self.control),
                save_state=self.files.save_state,
                preview=self.files.save_preview,
                moments=MomentFolder(self.record),
                pack=self.together.member if self.together else None,
            ),
            resume,
            network,
        )
        self.warm = WarmNetwork(warmup.warmup_config(self.record.config), result.model, is_trained=True)
        if self.diverged:
            return replace(result.ended, outcome=FAILED, reason=self.diverged)
        self._save_model(result)
        has_yielded = result.ended.outcome == STOPPED and self.control.has_yielded
        return replace(result.ended, reason=YIELDED_REASON) if has_yielded else result.ended

    def _save_model(self, result: "TrainingResult") -> None:
        """Saves the network, and its predictions: the Evaluate page then opens without Keras."""
        from core.training import models
        from core.training.predict import Predictor

        with explain_disk_errors(self.record.model_path):
            models.save(result.model, self.record.model_path)
            with self.record.model_path.open("rb") as saved:
                os.fsync(saved.fileno())
            sync_folder(self.record.folder)
        with suppress(DigitLabError, OSError):  # the page can compute them again
            split = evaluations.default_split(self.record)
            evaluations.predict_split(self.record, split, mnist.load(), lambda: Predictor.from_model(result.model))

    def _emit(self, event: Event) -> None:
        if isinstance(event, Started):
            together = self.together.size if self.together else 1
            event = replace(event, is_next_seed=self._is_next_seed, together=together)
        self.events.append(event)
        for missing in self.files.missing_epochs(event) if isinstance(event, Started) else ():
            self.events.append(missing)
        if isinstance(event, (BatchDone, EpochDone)) and not math.isfinite(event.loss):
            self._stop_diverged(event)
        self.tensorboard.add(event)
        self.on_event(event)

    def _stop_diverged(self, event: BatchDone | EpochDone) -> None:
        self.diverged = (
            f"The loss is no longer a number since step {event.step:,} in epoch {event.epoch}: "
            f"the steps were too long. Lower the learning rate tenfold (it was {self.record.config.learning_rate:g})."
        )
        self.control.stop()

    def _failed(self, reason: str) -> RunEnded:
        return _early_end(self.record, STOPPED if self.control.should_stop() else FAILED, reason)

    def _write_end(self, ended: RunEnded) -> None:
        try:
            self._emit(ended)
        except DigitLabError as error:
            print(error, file=sys.stderr)  # even the reserved space is full: the run will show as interrupted


def _early_end(run: Run, outcome: str, reason: str) -> RunEnded:
    """The end of a run that has no network of its own: with the figures of its last epoch."""
    if not run.epochs:
        return RunEnded(outcome, reason, time.time(), epochs=0)
    last = run.epochs[-1]
    return RunEnded(
        outcome,
        reason,
        time.time(),
        epochs=last.epoch,
        fit_seconds=last.seconds,
        train_accuracy=last.accuracy,
        train_loss=last.loss,
        validation_accuracy=last.validation_accuracy,
        validation_loss=last.validation_loss,
    )


def _reason(error: Exception, *, logged: bool) -> str:
    """Why a training failed. logged: whether its process has a log; the command line prints instead."""
    if is_out_of_memory(error):
        return _NO_MEMORY
    details = "the run's worker.log" if logged else "the message above"
    return f"Training failed: {type(error).__name__}: {error} Details are in {details}."


@contextmanager
def _reserved_disk(path: Path) -> Iterator[None]:
    """Reserves some disk space while the run trains, so that its last event can be written when the disk is full."""
    with suppress(RunError):
        write_atomic(path, bytes(RESERVED_BYTES), durable=False)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
