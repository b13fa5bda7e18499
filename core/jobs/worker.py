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
from core.devices import slot
from core.errors import DigitLabError, RunError
from core.evaluation import evaluations
from core.files import Lock, disk_errors, write_whole
from core.runs import checkpoints
from core.runs.control import Obedience
from core.runs.events import FAILED, STOPPED, EpochDone, Event, RunEnded, Started
from core.runs.store import RunStore, describe
from core.runs.timeline import EventFile
from core.training import compile_cache, warmup
from core.training.keras_import import wake_keras
from core.training.warmup import Rehearsed

if TYPE_CHECKING:
    from core.training.trainer import Control
    from core.training.training_state import Snapshot

KEPT_EPOCHS = 50  # weights of single epochs, unless DIGIT_LAB_KEEP_EPOCHS says otherwise
ROOM = 64 * 1024  # bytes
GAVE_WAY = "It was paused while others waited for the device, so it made room; its weights are kept."
NICE = 5  # on a machine with few cores the pages, and the visitor's browser, go first; idle, it costs nothing


def main() -> None:
    """Waits for a run's id and trains that run."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if hasattr(os, "nice"):
        os.nice(NICE)
    wake()
    if not _asked():  # nobody asks yet: make ready
        warmup.first()
    ready: Rehearsed | None = None
    while order := _order():
        if not order.startswith("{"):
            _train(order, ready)
            return
        if not _asked():
            ready = warmup.of(RunConfig.from_dict(json.loads(order)))
            print(f"Ready for {describe(ready.config)}." if ready else "The rehearsal failed.", flush=True)


def _order() -> str:
    """The next line from the dashboard: a run's id, or a config to rehearse as JSON; empty where it is gone.

    Read byte by byte: what Python had read ahead, `_asked` would not see.
    """
    line = bytearray()
    while (byte := os.read(0, 1)) not in (b"", b"\n"):
        line += byte
    return line.decode().strip()


def _asked() -> bool:
    return bool(select.select([0], [], [], 0)[0])


def _train(run_id: str, ready: Rehearsed | None) -> None:
    store = RunStore()
    _log_to(store.get(run_id).folder / "worker.log")
    job = Training(store, run_id, ready=ready)
    signal.signal(signal.SIGTERM, lambda *_: job.stop())
    job.run(claim=True)


def wake() -> None:
    """Imports Keras for a run of this process, which takes the programs that earlier runs compiled."""
    compile_cache.keep(mnist.home() / "programs", on_gpu=slot("auto") == "gpu")
    wake_keras()


def _log_to(path: Path) -> None:
    """From here on, what is printed goes to the run's own log."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)


class Training:
    """Trains one run of a store and keeps all of it in the run's folder. Used by the worker and by the command line."""

    def __init__(
        self,
        store: RunStore,
        run_id: str,
        *,
        say: Callable[[Event], None] = lambda event: None,
        waits_for: Callable[[str], None] = lambda run_id: None,
        ready: Rehearsed | None = None,
    ) -> None:
        self.store, self.kept, self.ready = store, store.get(run_id), ready
        self.listener, self.waits_for = say, waits_for
        self.control = Obedience(self.kept, self._say)
        self.history: dict[str, list[float]] = {}

    def run(self, *, claim: bool = False) -> RunEnded | None:
        """Trains to the end. `claim`: only if the run still waits; None where it was withdrawn or trains elsewhere."""
        lock, self.file = self.kept.lock, EventFile(self.kept.events_path)
        try:
            if not lock.take({"pid": os.getpid(), "since": time.time(), "after": self.file.size}):
                return None
            if claim and not self._claimed():
                return None
            with self._room(), self._device():
                ended = self._outcome()
            self._last_word(ended)
            return ended
        finally:
            lock.release()
            self.file.close()

    def stop(self) -> None:
        """Ends the run after its present engine call, as a visitor's Stop does."""
        self.control.ended = True

    def _claimed(self) -> bool:
        """Whether it was ours to take: a visitor who withdraws the run removes the same file."""
        try:
            (self.kept.folder / "queued").unlink()
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def _device(self) -> Iterator[None]:
        """Holds the device, for which it waits while another run has it."""
        lock = Lock(self.store.device_path(slot(self.kept.config.device)))
        while not lock.take({"run": self.kept.id}, patience=0.2):
            self.waits_for((lock.holder() or {}).get("run", ""))
            if self.control.should_stop():
                break
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _room(self) -> Iterator[None]:
        """Keeps some room on the disk while the run trains, so that it can say its last word when the disk is full."""
        path = self.kept.folder / "room"
        with suppress(RunError):
            write_whole(path, bytes(ROOM), durable=False)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)

    def _outcome(self) -> RunEnded:
        try:
            return self._trained()
        except DigitLabError as error:
            return self._failed(str(error))
        except Exception as error:
            traceback.print_exc()
            logged = (self.kept.folder / "worker.log").exists()  # the command line has none, and shows it
            more = "worker.log of the run" if logged else "what Python said above"
            return self._failed(f"Training failed: {type(error).__name__}: {error} More is in {more}.")

    def _trained(self) -> RunEnded:
        from core.training import models, trainer

        resume = self._snapshot() if self.kept.state_path.exists() else None
        self.history = resume.history if resume else {}
        if self.control.should_stop():
            raise RunError("The run was stopped before it began. Resume it to train it.")
        at_hand = self.ready and self.ready.config == warmup.rehearsed(self.kept.config)
        trained = trainer.train(
            self.kept.config,
            mnist.load(),
            self._say,
            cast("Control", self.control),
            resume,
            keep=self._keep,
            glimpse=self._glimpse,
            network=self.ready.network if self.ready and at_hand else None,
        )
        if self.control.diverged:
            return replace(trained.ended, outcome=FAILED, reason=self.control.diverged)
        with disk_errors(self.kept.model_path):
            models.save(trained.model, self.kept.model_path)
            with self.kept.model_path.open("rb") as saved:
                os.fsync(saved.fileno())
        self._keep_answers(trained.model)
        gave_way = trained.ended.outcome == STOPPED and self.control.gave_way
        return replace(trained.ended, reason=GAVE_WAY) if gave_way else trained.ended

    def _keep_answers(self, model: Any) -> None:
        """Keeps what the network says of the images one looks at first: the Evaluate page then opens without Keras."""
        from core.training.predict import Predictor

        with suppress(DigitLabError, OSError):  # it can be asked again
            split = evaluations.usual_split(self.kept)
            evaluations.answers(self.kept, split, mnist.load(), lambda: Predictor.from_model(model))

    def _snapshot(self) -> "Snapshot":
        from core.training.training_state import Snapshot

        return Snapshot(*checkpoints.read_state(self.kept.state_path))

    def _keep(self, snapshot: "Snapshot") -> None:
        """Keeps an epoch: first what a resume needs, then the weights for going back to it."""
        if not self.kept.folder.is_dir():
            raise RunError("The folder of this run was deleted while it trained, so nothing more can be kept of it.")
        self.history = snapshot.history
        checkpoints.write_state(
            self.kept.state_path, snapshot.epoch, snapshot.weights, snapshot.state, snapshot.history
        )
        path = self.kept.epoch_path(snapshot.epoch)
        path.parent.mkdir(exist_ok=True)
        checkpoints.write_arrays(path, snapshot.weights, durable=False)
        with suppress(OSError):  # without, the next run compiles once more
            compile_cache.seal(self.store.home / "programs")
        for epoch in checkpoints.surplus(self.kept.kept_epochs, kept_epochs()):
            self.kept.epoch_path(epoch).unlink(missing_ok=True)

    def _glimpse(self, seen: dict[str, np.ndarray]) -> None:
        with suppress(RunError, FileNotFoundError):  # a picture of the moment is nothing to fail on
            checkpoints.write_arrays(self.kept.glimpse_path, seen, durable=False)

    def _say(self, event: Event) -> None:
        self.file.append(event)
        self.control.hears(event)
        if isinstance(event, Started):
            for missing in self._untold(event):
                self.file.append(missing)
        self.listener(event)

    def _untold(self, started: Started) -> Iterator[EpochDone]:
        """Epochs that were kept but not told any more: the worker was killed between the two."""
        told = {epoch.epoch for epoch in self.kept.epochs}
        for epoch in range(1, started.from_epoch + 1):
            if epoch not in told:
                yield _from_history(self.history, epoch, started.batches)

    def _failed(self, reason: str) -> RunEnded:
        last = self.kept.epochs[-1] if self.kept.epochs else None
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

    def _last_word(self, ended: RunEnded) -> None:
        try:
            self._say(ended)
        except DigitLabError as error:
            print(error, file=sys.stderr)  # even the room set aside was taken: the run will show as interrupted


def kept_epochs() -> int:
    """How many epochs' weights a run keeps: DIGIT_LAB_KEEP_EPOCHS, or 50."""
    given = os.environ.get("DIGIT_LAB_KEEP_EPOCHS", "")
    return max(2, int(given)) if given.isdigit() else KEPT_EPOCHS


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
