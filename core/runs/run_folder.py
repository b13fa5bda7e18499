"""The files in a run's folder, and where a stopped or interrupted run continues."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.files import Lock, exclusive, explain_disk_errors, read_regular
from core.runs import file_names
from core.runs.checkpoints import read_progress
from core.runs.file_names import EPOCH_FILE, MAX_WEIGHTS_BYTES


@dataclass(frozen=True)
class ResumePoint:
    """Where a run that was stopped or killed continues, and the file that holds its state then."""

    path: Path
    epoch: int  # completed
    step: int = 0  # since the run began, if it continues in the middle of the next epoch; else 0

    def __str__(self) -> str:
        if self.step:
            return f"Continues in epoch {self.epoch + 1} at step {self.step:,}."
        return f"Continues after epoch {self.epoch}." if self.epoch else "Starts from the beginning."


class RunFolder:
    """The paths of one run's files."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path, self.id = folder, str(folder), folder.name

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Only one thread of one process at a time reads and writes the facts and requests of runs.

        Raises `RunError` if that cannot be ensured, for example on a full disk.
        """
        # Beside the run folders: a new file inside one would look like a change of the run.
        path = self.folder.parent / ".facts.lock"
        with explain_disk_errors(path), exclusive(path):
            yield

    @property
    def lock(self) -> Lock:
        return Lock(self.folder / file_names.LOCK)

    @property
    def facts_path(self) -> Path:
        return self.folder / file_names.FACTS

    @property
    def queued_path(self) -> Path:
        """The file that says since when the run waits for a device; missing if it does not wait."""
        return self.folder / file_names.QUEUED

    @property
    def log_path(self) -> Path:
        """What the process that trains the run prints."""
        return self.folder / file_names.LOG

    @property
    def test_set_path(self) -> Path:
        """The file that says when the test set was opened for the run."""
        return self.folder / file_names.TEST_SET

    @property
    def events_path(self) -> Path:
        return self.folder / file_names.EVENTS

    @property
    def control_path(self) -> Path:
        return self.folder / file_names.CONTROL

    @property
    def model_path(self) -> Path:
        return self.folder / file_names.MODEL

    @property
    def has_model(self) -> bool:
        return self.model_path.exists()

    def read_model(self) -> bytes:
        """The saved network's file. Raises `OSError` if it is missing, too large or not a regular file."""
        return read_regular(self.model_path, MAX_WEIGHTS_BYTES)

    @property
    def state_path(self) -> Path:
        """All that a resume after the last completed epoch needs."""
        return self.folder / file_names.STATE

    @property
    def stopped_state_path(self) -> Path:
        """All that a resume at the step of a Stop needs; the next completed epoch deletes it."""
        return self.folder / file_names.STOPPED_STATE

    @property
    def preview_path(self) -> Path:
        return self.folder / file_names.PREVIEW

    def epoch_path(self, epoch: int) -> Path:
        """The weights after `epoch`, 1-based."""
        return self.folder / file_names.EPOCHS / f"{epoch:04d}.npz"

    @property
    def checkpoint_epochs(self) -> list[int]:
        """The epochs whose weights are saved."""
        try:
            names = os.listdir(self.folder / file_names.EPOCHS)
        except OSError:
            return []
        return sorted(int(found[1]) for name in names if (found := EPOCH_FILE.fullmatch(name)))

    @property
    def resume_point(self) -> ResumePoint | None:
        """Where the run continues: at the step of a Stop, else after the last completed epoch. None: at the start."""
        epoch, batch, batches = read_progress(self.stopped_state_path) or (-1, 0, 0)
        saved = read_progress(self.state_path)
        if epoch >= (saved[0] if saved else 0):
            return ResumePoint(self.stopped_state_path, epoch, epoch * batches + batch if batch else 0)
        if saved:
            return ResumePoint(self.state_path, saved[0])
        # A damaged file counts too: resuming it says what is wrong.
        return (
            ResumePoint(self.state_path, max(self.checkpoint_epochs, default=0)) if self.state_path.exists() else None
        )

    @property
    def continues(self) -> str:
        """A sentence: where a resume continues."""
        return str(self.resume_point or ResumePoint(self.state_path, 0))
