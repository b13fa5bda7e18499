"""What arrives from a node, written into the run's folder in the dashboard's home. A node is not trusted with paths."""

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from core.errors import RunError
from core.files import explain_disk_errors, open_regular, sync_folder
from core.jobs.cluster import travelling
from core.jobs.cluster.outbox import Batch
from core.jobs.cluster.travelling import Piece
from core.runs.file_names import MAX_EVENTS_BYTES
from core.runs.run import Run


class Inbox:
    """The receiving side of one run. Readers see each file as it was or as it is, never a part of it."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._file: BinaryIO | None = None
        self._name, self._size = "", 0

    @property
    def offset(self) -> int:
        """The bytes of events that have arrived."""
        with suppress(OSError):
            return self.run.events_path.stat().st_size
        return 0

    def take(self, batch: Batch) -> None:
        """Files first, then the events. Raises `RunError` for a full disk, or for what no run may hold."""
        with explain_disk_errors(self.run.events_path):
            for piece in batch.pieces:
                self._take_piece(piece)
            for name in batch.removed:
                if travelling.may_be_removed(name):
                    (self.run.folder / name).unlink(missing_ok=True)
            self._append(batch.events)

    def close(self) -> None:
        """Forgets a file that did not arrive completely."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._temporary(self._name).unlink(missing_ok=True)

    def _append(self, events: bytes) -> None:
        if not events:
            return
        if self.offset + len(events) > MAX_EVENTS_BYTES:
            raise RunError("The node sent more events than a run may have. Start the run again.")
        file = open_regular(self.run.events_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            while events:
                events = events[os.write(file, events) :]
            os.fsync(file)
        finally:
            os.close(file)

    def _take_piece(self, piece: Piece) -> None:
        if not travelling.may_travel(piece.name):
            raise RunError("The node sent a file that no run has. Start the run again.", piece.name[:60])
        if piece.start == 0:
            self._open(piece.name)
        elif self._file is None or (piece.name, piece.start) != (self._name, self._size):
            raise RunError("The node sent the parts of a file in a wrong order. Start the run again.", piece.name)
        assert self._file is not None
        self._file.write(piece.content)
        self._size += len(piece.content)
        if self._size > travelling.max_bytes(piece.name):
            raise RunError("The node sent a file that is larger than a run may have. Start the run again.", piece.name)
        if piece.is_last:
            self._finish(piece.changed)

    def _open(self, name: str) -> None:
        self.close()
        path = self._temporary(name)
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644), "wb")
        self._name, self._size = name, 0

    def _finish(self, changed: int) -> None:
        """Moves the file into place, with its time on the node: kept evaluations name that time."""
        assert self._file is not None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        temporary, path = self._temporary(self._name), self.run.folder / self._name
        os.utime(temporary, ns=(changed, changed))
        os.replace(temporary, path)
        sync_folder(path.parent)

    def _temporary(self, name: str) -> Path:
        path = self.run.folder / name
        return path.with_name(f".{path.name}.{os.getpid()}-cluster.new")
