"""The events of one run that count, read from a file to which another process may still append."""

import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from core.files import explain_disk_errors, open_regular, sync_folder
from core.runs.events import BatchDone, EpochDone, Event, Paused, RateChanged, RunEnded, Started, from_line, to_line

_InAnEpoch = TypeVar("_InAnEpoch", bound=BatchDone | EpochDone | RateChanged)
_PIECE = 16 * 2**20  # bytes that are read at once
_TAIL = 16 * 1024  # bytes; the last event with its reason is far shorter


def before_resume(events: Sequence[_InAnEpoch], started: Started) -> list[_InAnEpoch]:
    """The events that still count after `started`: a resumed run trains the later steps again."""
    return [event for event in events if event.epoch <= started.from_epoch or event.step <= started.from_step]


def read_events(path: Path, offset: int = 0) -> tuple[list[Event], int]:
    """The events after byte `offset`, and the offset for the next call. Unreadable lines are left out."""
    events: list[Event] = []
    for lines, end in _pieces(path, offset):
        events += [event for event in map(from_line, lines) if event is not None]
        offset = end
    return events, offset


def read_end(path: Path) -> RunEnded | None:
    """The `RunEnded` at the end of a file; None if the last complete line is another event. Reads only the tail."""
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            lines = file.read().splitlines(keepends=True)
    except OSError:
        return None
    whole = [line for line in lines if line.endswith(b"\n")]
    event = from_line(whole[-1]) if whole else None
    return event if isinstance(event, RunEnded) else None


@dataclass
class Timeline:
    """The events of a run without its batches. `refresh` reads only what was written since the last call.

    A resumed run trains later steps again, so that earlier events about those steps no longer count.
    """

    path: Path
    started: Started | None = None
    started_at: int = -1  # byte at which the last `Started` ends
    epochs: list[EpochDone] = field(default_factory=list)
    rates: list[RateChanged] = field(default_factory=list)
    ended: RunEnded | None = None
    paused: bool = False
    step: int = 0  # batches done
    _offset: int = 0
    _file: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refresh(self) -> "Timeline":
        with self._lock:
            size = self._start_over_if_replaced()
            if size == self._offset:
                return self  # the page asks many runs that ended long ago
            for lines, end in _pieces(self.path, self._offset):
                at = self._offset
                for line in lines:
                    at += len(line)
                    # Nine of ten lines are batches; only the last of them matters here.
                    if b'"BatchDone"' not in line[:24] or line is lines[-1]:
                        self._take(from_line(line), at)
                self._offset = end
        return self

    def _start_over_if_replaced(self) -> int:
        """The size of the file."""
        try:
            status = os.lstat(self.path)
        except OSError:
            status = None
        file, size = (status.st_ino, status.st_size) if status else (0, 0)
        if file != self._file or size < self._offset:
            self._file, self._offset, self.started, self.started_at = file, 0, None, -1
            self.epochs, self.rates, self.ended, self.paused, self.step = [], [], None, False, 0
        return size

    def _take(self, event: Event | None, at: int) -> None:
        if event is None:
            return
        match event:
            case Started():
                self.started, self.started_at, self.ended = event, at, None
                self.epochs = before_resume(self.epochs, event)
                self.rates = before_resume(self.rates, event)
                self.step = max(event.from_step, self.epochs[-1].step if self.epochs else 0)
            case EpochDone():
                self.epochs = [*self.epochs, event]
            case RateChanged():
                self.rates = [*self.rates, event]
            case RunEnded():
                self.ended = event
        if isinstance(event, (BatchDone, EpochDone, RateChanged, Paused)):  # the batches before them may be left out
            self.step = event.step
        self.paused = isinstance(event, Paused)


class EventFile:
    """The writing side: one complete line for each event."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with explain_disk_errors(path):
            self._file = open_regular(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
            self._begin_a_line()
            if not self.size:
                sync_folder(path.parent)  # after a power cut, the file is still named there

    def append(self, event: Event) -> None:
        """Raises `RunError` if the disk is full."""
        with explain_disk_errors(self.path):
            self._begin_a_line()
            rest = to_line(event).encode()
            while rest:  # a disk that is nearly full may write only a part
                rest = rest[os.write(self._file, rest) :]
            if isinstance(event, (Started, EpochDone, RunEnded)):
                os.fsync(self._file)

    @property
    def size(self) -> int:
        return os.fstat(self._file).st_size

    def close(self) -> None:
        os.close(self._file)

    def _begin_a_line(self) -> None:
        """Ends an incomplete line that a killed writer or a full disk left, so that the next event has its own line."""
        if self.size and os.pread(self._file, 1, self.size - 1) != b"\n":
            os.write(self._file, b"\n")


def _pieces(path: Path, offset: int) -> Iterator[tuple[list[bytes], int]]:
    """The complete lines after `offset`, and where they end, in pieces that fit into memory."""
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            file.seek(offset)
            while piece := file.read(_PIECE):
                end = piece.rfind(b"\n") + 1
                if not end and len(piece) < _PIECE:
                    return  # the last line is still being written
                end = end or len(piece)  # a line as long as this is no event
                file.seek(offset := offset + end)
                yield piece[:end].splitlines(keepends=True), offset
    except OSError:
        return
