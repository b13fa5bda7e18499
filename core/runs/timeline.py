"""The events of one run as they count now, read from a file that another process still appends to."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from core.files import explain_disk_errors
from core.runs.events import BatchDone, EpochDone, Event, Paused, RateChanged, RunEnded, Started, from_line, to_line

_InAnEpoch = TypeVar("_InAnEpoch", bound=BatchDone | EpochDone | RateChanged)
_TAIL = 16 * 1024  # bytes; the last word with its reason is far shorter


def before_resume(events: Sequence[_InAnEpoch], started: Started) -> list[_InAnEpoch]:
    """The events that still count after `started`: a resumed run trains the later epochs again."""
    return [event for event in events if event.epoch <= started.from_epoch]


def read_events(path: Path, offset: int = 0) -> tuple[list[Event], int]:
    """The events after byte `offset`, and the offset to go on from. Whole lines only; one that is none is left out."""
    lines, end = _lines(path, offset)
    return [event for event in map(from_line, lines) if event is not None], end


def last_word(path: Path) -> RunEnded | None:
    """The `RunEnded` that a run closed with; None where the last whole line is another one. Reads only the tail."""
    try:
        with path.open("rb") as file:
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
    """What is known of a run without its single batches. `refresh` reads on from where the last one stopped.

    A run that was resumed after epoch k trained what follows anew: what an earlier attempt said of it no longer counts.
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
            self._start_over_if_replaced()
            lines, end = _lines(self.path, self._offset)
            at = self._offset
            for line in lines:
                at += len(line)
                # Nine of ten lines are batches, of which only the last one matters here.
                if b'"BatchDone"' not in line[:24] or line is lines[-1]:
                    self._take(from_line(line), at)
            self._offset = end
        return self

    def _start_over_if_replaced(self) -> None:
        try:
            status = os.stat(self.path)
        except OSError:
            status = None
        file, size = (status.st_ino, status.st_size) if status else (0, 0)
        if file != self._file or size < self._offset:
            self._file, self._offset, self.started, self.started_at = file, 0, None, -1
            self.epochs, self.rates, self.ended, self.paused, self.step = [], [], None, False, 0

    def _take(self, event: Event | None, at: int) -> None:
        if event is None:
            return
        match event:
            case Started():
                self.started, self.started_at, self.ended = event, at, None
                self.epochs = before_resume(self.epochs, event)
                self.rates = before_resume(self.rates, event)
                self.step = self.epochs[-1].step if self.epochs else 0
            case EpochDone():
                self.epochs = [*self.epochs, event]
            case RateChanged():
                self.rates = [*self.rates, event]
            case RunEnded():
                self.ended = event
        if isinstance(event, (BatchDone, EpochDone)):
            self.step = event.step
        self.paused = isinstance(event, Paused)


class EventFile:
    """The writing side: one line an event, each in one piece."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with explain_disk_errors(path):
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            self._begin_a_line()

    def append(self, event: Event) -> None:
        """Raises `RunError` where the disk is full."""
        with explain_disk_errors(self.path):
            self._begin_a_line()
            rest = to_line(event).encode()
            while rest:  # a disk that is nearly full takes a part without a word
                rest = rest[os.write(self._file, rest) :]
            if isinstance(event, (Started, EpochDone, RunEnded)):
                os.fsync(self._file)

    @property
    def size(self) -> int:
        return os.fstat(self._file).st_size

    def close(self) -> None:
        os.close(self._file)

    def _begin_a_line(self) -> None:
        """A writer that was killed, or a disk that was full, left half a line: it must not swallow ours."""
        if self.size and os.pread(self._file, 1, self.size - 1) != b"\n":
            os.write(self._file, b"\n")


def _lines(path: Path, offset: int) -> tuple[list[bytes], int]:
    """The whole lines after `offset`, and where they end."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            piece = file.read()
    except OSError:
        return [], offset
    end = piece.rfind(b"\n") + 1
    return piece[:end].splitlines(keepends=True), offset + end
