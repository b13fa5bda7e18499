"""What a run that trains saves in its folder beside its events: states to resume from, weights and previews."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from core.config.environment import KEEP_EPOCHS
from core.data import mnist
from core.data.cache import fingerprint
from core.data.mnist import Mnist
from core.errors import RunError
from core.files import write_arrays
from core.runs import checkpoints
from core.runs.checkpoints import TrainingState
from core.runs.events import EpochDone, Started
from core.runs.store import Run, RunStore
from core.training import compile_cache


class RunFiles:
    """Saves the states of one run and loads the latest one."""

    def __init__(self, store: RunStore, run: Run) -> None:
        self.store, self.run = store, run
        self.history: dict[str, list[float]] = {}

    def load_data(self) -> Mnist:
        """The data set in use. The run keeps which one that is, and the names of its classes."""
        data = mnist.load()
        if self.run.data_fingerprint != (now := fingerprint(data)):
            self.store.write(self.run.id, data={"fingerprint": now, "names": list(data.names)})
        return data

    def load_state(self) -> TrainingState | None:
        """The state from which the run continues; None for a new run. Raises `RunError` if it is damaged."""
        point = self.run.resume_point
        if point is None:
            return None
        try:
            state = checkpoints.read_state(point.path)
        except RunError:
            if point.path == self.run.state_path or not self.run.state_path.exists():
                raise
            self.run.stopped_state_path.unlink(missing_ok=True)
            state = checkpoints.read_state(self.run.state_path)  # one epoch back is better than nothing
        self.history = state.history
        return state

    def save_state(self, state: TrainingState) -> None:
        """Saves the state after an epoch, with the weights of that epoch, or the state in which a run was stopped."""
        if not self.run.folder.is_dir():
            raise RunError("The folder of this run was deleted during training, so nothing more can be saved.")
        if state.stopped:
            checkpoints.write_state(self.run.stopped_state_path, state)
            return
        self.history = state.history
        checkpoints.write_state(self.run.state_path, state)
        self.run.stopped_state_path.unlink(missing_ok=True)  # it is older
        path = self.run.epoch_path(state.epoch)
        path.parent.mkdir(exist_ok=True)
        write_arrays(path, state.weights, durable=False)
        with suppress(OSError):  # without digests, the next run compiles again
            compile_cache.write_digests(self.store.home / "programs")
        for epoch in checkpoints.surplus_epochs(self.run.checkpoint_epochs, KEEP_EPOCHS.value):
            self.run.epoch_path(epoch).unlink(missing_ok=True)

    def save_preview(self, arrays: dict[str, Any]) -> None:
        """Saves the latest filters and predictions for the Train page; no run fails because of them."""
        with suppress(RunError, FileNotFoundError):
            write_arrays(self.run.preview_path, arrays, durable=False)

    def missing_epochs(self, started: Started) -> Iterator[EpochDone]:
        """Epochs that were saved but not written as events: the worker was killed between the two."""
        recorded = {epoch.epoch for epoch in self.run.epochs}
        for epoch in range(1, started.from_epoch + 1):
            if epoch not in recorded:
                yield _epoch_from_history(self.history, epoch, started.batches)


def _epoch_from_history(history: dict[str, list[float]], epoch: int, batches: int) -> EpochDone:
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
