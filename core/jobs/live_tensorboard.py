"""Event files of TensorBoard while a run trains, if DIGIT_LAB_TENSORBOARD names a folder for them.

Each run has a folder there, named by its id, with `train` and `validation`. Whatever goes wrong with these files is
printed once and never stops the training.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.evaluation import tensorboard_export as tensorboard
from core.runs.checkpoints import read_arrays
from core.runs.events import BatchDone, EpochDone, Event, RunEnded, Started
from core.runs.run import Run

SETTING = "DIGIT_LAB_TENSORBOARD"


class LiveTensorBoard:
    """Writes the events of one run as they happen; without the setting it does nothing."""

    def __init__(self, run: Run) -> None:
        chosen = os.environ.get(SETTING, "")
        self.run = run
        self._folder: Path | None = Path(chosen).expanduser() / run.id if chosen else None
        self._writers: dict[str, Any] = {}
        self._written: set[int] = set()  # epochs whose weights are there

    def add(self, event: Event) -> None:
        """Adds an event. The files are complete after each epoch."""
        if self._folder is None:
            return
        try:
            self._add(event, time.time())
        except Exception as error:  # a full disk, a folder that may not be written, or an error of the writer
            print(f"TensorBoard's files are no longer written: {type(error).__name__}: {error}")
            self._end()

    def _add(self, event: Event, now: float) -> None:
        match event:
            case Started():
                tensorboard.add_description(self._writer(tensorboard.TRAIN), self.run, now)
            case BatchDone():
                tensorboard.add_batch(self._writer(tensorboard.TRAIN), event, now)
            case EpochDone():
                tensorboard.add_epoch(self._writer(tensorboard.TRAIN), event, now)
                if event.validation_loss is not None:
                    tensorboard.add_validation(self._writer(tensorboard.VALIDATION), event, now)
                self._add_weights(now)
                for writer in self._writers.values():
                    writer.flush()
            case RunEnded():
                self._add_weights(now)
                self._end()

    def _writer(self, part: str) -> Any:
        if part not in self._writers:
            assert self._folder is not None
            self._writers[part] = tensorboard.new_writer(self._folder / part)
        return self._writers[part]

    def _add_weights(self, now: float) -> None:
        """Histograms of the epochs that were kept since the last call. Weights are saved after the epoch's event."""
        for epoch in self.run.checkpoint_epochs:
            if epoch not in self._written:
                weights = read_arrays(self.run.epoch_path(epoch))
                tensorboard.add_histograms(self._writer(tensorboard.TRAIN), epoch, weights, now)
                self._written.add(epoch)

    def _end(self) -> None:
        for writer in self._writers.values():
            with suppress(Exception):
                writer.close()
        self._writers, self._folder = {}, None
