"""What a node sends of a run: its events from a byte on, and each changed file as a whole.

Live points pass at once. The last event waits until all files have been sent, the network among them.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.files import open_regular
from core.jobs.cluster import travelling
from core.jobs.cluster.travelling import PIECE_BYTES, Piece
from core.runs import file_names

_LAST_EVENT = b'{"event": "RunEnded"'


@dataclass(frozen=True)
class Batch:
    """What is sent at once. events: complete lines; removed: files that are gone; complete: nothing more was left."""

    events: bytes
    pieces: tuple[Piece, ...] = ()
    removed: tuple[str, ...] = ()
    complete: bool = False


class Outbox:
    """The sending side of one run folder. sent: the files that the dashboard has, with their times."""

    def __init__(self, folder: Path, sent: dict[str, int]) -> None:
        self.folder, self.sent = folder, dict(sent)
        self._sending: Iterator[Piece] = iter(())

    def size(self) -> int:
        """Bytes of events that have been written."""
        with suppress(OSError):
            return (self.folder / file_names.EVENTS).stat().st_size
        return 0

    def collect(self, offset: int, *, with_log: bool) -> Batch:
        """The next batch. offset: the bytes of events that the dashboard has. with_log: the worker has ended."""
        events = self._read_events(offset)
        held_from = events.find(_LAST_EVENT) if not events.startswith(_LAST_EVENT) else 0
        ends = held_from >= 0
        pieces, removed = self._changed_pieces(with_log=with_log or ends), self._removed()
        complete = not pieces
        return Batch(events[:held_from] if ends and not complete else events, pieces, removed, complete)

    def _read_events(self, offset: int) -> bytes:
        """The complete lines after `offset`, at most 8 MiB."""
        try:
            with os.fdopen(open_regular(self.folder / file_names.EVENTS), "rb") as file:
                file.seek(offset)
                content = file.read(PIECE_BYTES)
        except OSError:
            return b""
        return content[: content.rfind(b"\n") + 1]

    def _changed_pieces(self, *, with_log: bool) -> tuple[Piece, ...]:
        """At most 8 MiB of the files that have changed since they were sent."""
        pieces, size = [], 0
        while size < PIECE_BYTES:
            piece = next(self._sending, None)
            if piece is None:
                name = self._next_changed(with_log=with_log)
                if name is None:
                    break
                self._sending = self._read(name)
                continue
            pieces.append(piece)
            size += len(piece.content)
        return tuple(pieces)

    def _next_changed(self, *, with_log: bool) -> str | None:
        for name, changed in travelling.files(self.folder).items():
            if self.sent.get(name) != changed and (with_log or name != file_names.LOG):
                return name
        return None

    def _read(self, name: str) -> Iterator[Piece]:
        try:
            for piece in travelling.pieces(self.folder, name):
                self.sent[name] = piece.changed
                yield piece
        except OSError:  # removed since
            self.sent.pop(name, None)

    def _removed(self) -> tuple[str, ...]:
        here = travelling.files(self.folder)
        gone = tuple(name for name in self.sent if name not in here and travelling.may_be_removed(name))
        for name in gone:
            del self.sent[name]
        return gone
