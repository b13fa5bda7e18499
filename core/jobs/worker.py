"""`python -m core.jobs.worker`: one process, one run. It imports TensorFlow, then waits on stdin for a run's id.

Before that it may be told what is likely to be trained, a config as JSON in a line, and has it compiled. End of stdin
while it waits: the dashboard is gone, and so is the worker. Once it trains, it no longer listens: it outlives the
dashboard, writes to the run's folder and ends with the run, so that the device's memory is given back.
"""

import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from core.config.run_config import RunConfig
from core.data import mnist
from core.devices import device_slot
from core.errors import DigitLabError, RunError
from core.evaluation import evaluations
from core.files import Lock, explain_disk_errors, write_atomic
from core.runs import checkpoints
from core.runs.control import ControlReader
from core.runs.events import FAILED, STOPPED, EpochDone, Event, RunEnded, Started
from core.runs.moments import MomentFolder
from core.runs.store import RunStore, describe
from core.runs.timeline import EventFile
from core.training import compile_cache, warmup
from core.training.keras_import import import_keras
from core.training.warmup import WarmNetwork

if TYPE_CHECKING:
    from core.training.trainer import Control
    from core.training.training_state import TrainingState

DEFAULT_KEPT_EPOCHS = 50  # weights of single epochs, unless DIGIT_LAB_KEEP_EPOCHS says otherwise
RESERVED_BYTES = 64 * 1024  # bytes
YIELDED_REASON = "It was paused while others waited for the device, so it made room; its weights are kept."
NICE = 5  # on a machine with few cores the pages, and the visitor's browser, go first; idle, it costs nothing


def main() -> None:
    """Waits for a run's id and trains that run."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if hasattr(os, "nice"):
        os.nice(NICE)
    prepare_keras()
    if not _has_input():  # nobody asks yet: make ready
        warmup.warm_up_process()
    ready: WarmNetwork | None = None
    while command := _read_command():
        if not command.startswith("{"):
            _train(command, ready)
            return
        if not _has_input():
            ready = warmup.warm_up_network(RunConfig.from_dict(json.loads(command)))
            print(f"Ready for {describe(ready.config)}." if ready else "The rehearsal failed.", flush=True)


def _read_command() -> str:
    """The next line from the dashboard: a run's id, or a config to rehearse as JSON; empty where it is gone.

    Read byte by byte: what Python had read ahead, `_has_input` would not see.
    """
    line = bytearray()
    while (byte := os.read(0, 1)) not in (b"", b"\n"):
        line += byte
    return line.decode().strip()


def _has_input() -> bool:
    return bool(select.select([0], [], [], 0)[0])


def _train(run_id: str, ready: WarmNetwork | None) -> None:
    store = RunStore()
    _log_to(store.get(run_id).folder / "worker.log")
    job = RunRecorder(store, run_id, ready=ready)
    signal.signal(signal.SIGTERM, lambda *_: job.stop())
    job.run(claim=True)


def prepare_keras() -> None:
    """Imports Keras for a run of this process, which takes the programs that earlier runs compiled."""
    compile_cache.enable(mnist.home() / "programs", on_gpu=device_slot("auto") == "gpu")
    import_keras()


def _log_to(path: Path) -> None:
    """From here on, what is printed goes to the run's own log."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)


class RunRecorder:
    """Trains one run of a store and keeps all of it in the run's folder. Used by the worker and by the command line."""

    def __init__(
        self,
        store: RunStore,
        run_id: str,
        *,
        on_event: Callable[[Event], None] = lambda event: None,
        on_wait: Callable[[str], None] = lambda run_id: None,
        ready: WarmNetwork | None = None,
    ) -> None:
        self.store, self.record, self.ready = store, store.get(run_id), ready
        self.listener, self.on_wait = on_event, on_wait
        self.control = ControlReader(self.record, self._emit)
        self.history: dict[str, list[float]] = {}

    def run(self, *, claim: bool = False) -> RunEnded | None:
        """Trains to the end. `claim`: only if the run still waits; None where it was withdrawn or trains elsewhere."""
        lock, self.file = self.record.lock, EventFile(self.record.events_path)
        try:
            if not lock.acquire({"pid": os.getpid(), "since": time.time(), "after": self.file.size}):
                return None
            if claim and not self._claim():
                return None
            with self._reserve_disk(), self._device():
                ended = self._train_safely()
            self._write_end(ended)
            return ended
        finally:
            lock.release()
            self.file.close()

    def stop(self) -> None:
        """Ends the run after its present engine call, as a visitor's Stop does."""
        self.control.ended = True

    def _claim(self) -> bool:
        """Whether it was ours to take: a visitor who withdraws the run removes the same file."""
        try:
            (self.record.folder / "queued").unlink()
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def _device(self) -> Iterator[None]:
        """Holds the device, for which it waits while another run has it."""
        lock = Lock(self.store.device_path(device_slot(self.record.config.device)))
        while not lock.acquire({"run": self.record.id}, timeout=0.2):
            self.on_wait((lock.holder() or {}).get("run", ""))
            if self.control.should_stop():
                break
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _reserve_disk(self) -> Iterator[None]:
        """Keeps some room on the disk while the run trains, so that it can say its last word when the disk is full."""
        path = self.record.folder / "room"
        with suppress(RunError):
            write_atomic(path, bytes(RESERVED_BYTES), durable=False)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)

    def _train_safely(self) -> RunEnded:
        try:
            return self._train_run()
        except DigitLabError as error:
            return self._failed_event(str(error))
        except Exception as error:
            traceback.print_exc()
            logged = (self.record.folder / "worker.log").exists()  # the command line has none, and shows it
            more = "worker.log of the run" if logged else "what Python said above"
            return self._failed_event(f"Training failed: {type(error).__name__}: {error} More is in {more}.")

    def _train_run(self) -> RunEnded:
        from core.training import models, trainer

        resume = self._load_state() if self.record.state_path.exists() else None
        self.history = resume.history if resume else {}
        if self.control.should_stop():
            raise RunError("The run was stopped before it began. Resume it to train it.")
        is_ready = self.ready and self.ready.config == warmup.warmup_config(self.record.config)
        result = trainer.train(
            self.record.config,
            mnist.load(),
            self._emit,
            cast("Control", self.control),
            resume,
            keep=self._save_epoch,
            preview=self._save_preview,
            network=self.ready.network if self.ready and is_ready else None,
            moments=MomentFolder(self.record),
        )
        if self.control.diverged:
            return replace(result.ended, outcome=FAILED, reason=self.control.diverged)
        with explain_disk_errors(self.record.model_path):
            models.save(result.model, self.record.model_path)
            with self.record.model_path.open("rb") as saved:
                os.fsync(saved.fileno())
        self._save_predictions(result.model)
        has_yielded = result.ended.outcome == STOPPED and self.control.has_yielded
        return replace(result.ended, reason=YIELDED_REASON) if has_yielded else result.ended

    def _save_predictions(self, model: Any) -> None:
        """Keeps what the network says of the images one looks at first: the Evaluate page then opens without Keras."""
        from core.training.predict import Predictor

        with suppress(DigitLabError, OSError):  # it can be asked again
            split = evaluations.usual_split(self.record)
            evaluations.answers(self.record, split, mnist.load(), lambda: Predictor.from_model(model))

    def _load_state(self) -> "TrainingState":
        from core.training.training_state import TrainingState

        return TrainingState(*checkpoints.read_state(self.record.state_path))

    def _save_epoch(self, training_state: "TrainingState") -> None:
        """Keeps an epoch: first what a resume needs, then the weights for going back to it."""
        if not self.record.folder.is_dir():
            raise RunError("The folder of this run was deleted while it trained, so nothing more can be kept of it.")
        self.history = training_state.history
        checkpoints.write_state(
            self.record.state_path,
            training_state.epoch,
            training_state.weights,
            training_state.state,
            training_state.history,
        )
        path = self.record.epoch_path(training_state.epoch)
        path.parent.mkdir(exist_ok=True)
        checkpoints.write_arrays(path, training_state.weights, durable=False)
        with suppress(OSError):  # without, the next run compiles once more
            compile_cache.write_digests(self.store.home / "programs")
        for epoch in checkpoints.surplus(self.record.kept_epochs, kept_epochs()):
            self.record.epoch_path(epoch).unlink(missing_ok=True)

    def _save_preview(self, seen: dict[str, np.ndarray]) -> None:
        with suppress(RunError, FileNotFoundError):  # a picture of the moment is nothing to fail on
            checkpoints.write_arrays(self.record.glimpse_path, seen, durable=False)

    def _emit(self, event: Event) -> None:
        self.file.append(event)
        self.control.on_event(event)
        if isinstance(event, Started):
            for missing in self._missing_epochs(event):
                self.file.append(missing)
        self.listener(event)

    def _missing_epochs(self, started: Started) -> Iterator[EpochDone]:
        """Epochs that were kept but not told any more: the worker was killed between the two."""
        recorded = {epoch.epoch for epoch in self.record.epochs}
        for epoch in range(1, started.from_epoch + 1):
            if epoch not in recorded:
                yield _from_history(self.history, epoch, started.batches)

    def _failed_event(self, reason: str) -> RunEnded:
        last = self.record.epochs[-1] if self.record.epochs else None
        outcome = STOPPED if self.control.should_stop() else FAILED
        return RunEnded(
            outcome,
            reason,
            time.time(),
            epochs=last.epoch if last else 0,
            fit_seconds=last.seconds if last else 0.0,
            train_accuracy=last.accuracy if last else None,
            train_loss=last.loss if last else None,
            validation_accuracy=last.validation_accuracy if last else None,
            validation_loss=last.validation_loss if last else None,
        )

    def _write_end(self, ended: RunEnded) -> None:
        try:
            self._emit(ended)
        except DigitLabError as error:
            print(error, file=sys.stderr)  # even the room set aside was taken: the run will show as interrupted


def kept_epochs() -> int:
    """How many epochs' weights a run keeps: DIGIT_LAB_KEEP_EPOCHS, or 50."""
    given = os.environ.get("DIGIT_LAB_KEEP_EPOCHS", "")
    return max(2, int(given)) if given.isdigit() else DEFAULT_KEPT_EPOCHS


def _from_history(history: dict[str, list[float]], epoch: int, batches: int) -> EpochDone:
    def at(name: str) -> float | None:
        values = history.get(name, ())
        return values[epoch - 1] if len(values) >= epoch else None

    return EpochDone(
        step=epoch * batches,
        epoch=epoch,
        seconds=at("seconds") or 0.0,
        loss=at("loss") or 0.0,
        accuracy=at("accuracy") or 0.0,
        learning_rate=at("learning_rate") or 0.0,
        validation_loss=at("val_loss"),
        validation_accuracy=at("val_accuracy"),
    )


if __name__ == "__main__":
    main()
