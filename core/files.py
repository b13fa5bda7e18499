"""Files that survive a kill: each is written completely or not at all. Locks that end with their process."""

import errno
import fcntl
import io
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from core.errors import RunError

Arrays = Mapping[str, np.ndarray]

_PIECE = 1 << 20  # bytes that are read at once
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


def write_atomic(path: Path, content: bytes | Callable[[BinaryIO], object], *, durable: bool = True) -> None:
    """Writes a temporary file beside `path` and moves it into place: readers see the old or the complete new file.

    content: the bytes, or a function that writes them. durable: wait until they are on the disk.
    Raises `RunError` if the disk is full.
    """
    # Each visitor is a thread of one process, and two of them may write the same file.
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.new")
    try:
        with explain_disk_errors(path), temporary.open("wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        with explain_disk_errors(path):
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_arrays(path: Path, arrays: Arrays, *, durable: bool = True) -> None:
    """Saves named arrays as an `.npz`. Raises `RunError` if the disk is full."""
    packed = io.BytesIO()
    np.savez(packed, **arrays)  # type: ignore[arg-type]
    write_atomic(path, packed.getvalue(), durable=durable)


def write_json(path: Path, values: Any) -> None:
    write_atomic(path, json.dumps(values, indent=1).encode())


def read_json(path: Path) -> Any:
    """The content of `path`, or None if it is missing or not JSON."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def read_limited(file: BinaryIO, limit: int) -> bytes:
    """The content of a stream, for example a compressed one. Raises `ValueError` for more than `limit` bytes."""
    parts, size = [], 0
    while piece := file.read(min(_PIECE, limit + 1 - size)):
        parts.append(piece)
        size += len(piece)
        if size > limit:
            raise ValueError(f"it has more than {limit:,} bytes")
    return b"".join(parts)


@contextmanager
def explain_disk_errors(path: Path) -> Iterator[None]:
    """Turns "disk full" and "not allowed to write" into a `RunError` with a clear sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise RunError(
                f"The disk that holds {path.parent} is full, so nothing can be saved. "
                "Free some space or delete runs, then resume."
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise RunError(
                f"Digit Lab is not allowed to write in {path.parent}. "
                "Change the folder's permissions, or set DIGIT_LAB_HOME to another folder.",
                error.strerror,
            ) from error
        raise


@contextmanager
def suppress_disk_errors() -> Iterator[None]:
    """For results that can be computed again: if the disk refuses them, they are computed again next time."""
    with suppress(OSError, RunError):
        yield


class Lock:
    """A lock file held by one process. The system releases it when that process ends, even after a kill.

    The file's content says who holds it; ignore it while nobody does.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def acquire(self, holder: dict[str, Any], timeout: float = 1.0) -> bool:
        """Tries for `timeout` seconds; others can read `holder` while the lock is held."""
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        deadline = time.monotonic() + timeout
        # `holder` takes the lock for some microseconds to see whether it is free: so one try is not enough.
        while not _try_flock(file, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                os.close(file)
                return False
            time.sleep(0.01)
        self._file = file
        try:
            with explain_disk_errors(self.path):
                os.ftruncate(file, 0)
                os.pwrite(file, json.dumps(holder).encode(), 0)
        except BaseException:
            self.release()
            raise
        return True

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def holder(self) -> dict[str, Any] | None:
        """What the holder wrote; None if nobody holds the lock."""
        try:
            file = os.open(self.path, os.O_RDONLY)
        except OSError:
            return None
        try:
            if _try_flock(file, fcntl.LOCK_SH):
                return None
            with suppress(ValueError):
                return dict(json.loads(os.pread(file, 4096, 0)))
            return {}
        finally:
            os.close(file)


def _try_flock(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
