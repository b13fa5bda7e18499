"""Files that survive a kill: written whole or not at all, and locks that end with their process."""

import errno
import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import RunError

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


def write_atomic(path: Path, content: bytes | Callable[[BinaryIO], object], *, durable: bool = True) -> None:
    """Writes `path` beside itself and moves it into place: a reader finds the old file or the new one, never a half.

    `content` is the bytes, or a function that writes them. `durable` waits until they are on the disk.
    Raises `RunError` where the disk is full.
    """
    # Visitors are threads of one process, and two of them may write the same file.
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


def write_json(path: Path, values: Any) -> None:
    write_atomic(path, json.dumps(values, indent=1).encode())


def read_json(path: Path) -> Any:
    """What `path` holds, or None where it is missing or no JSON."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


@contextmanager
def explain_disk_errors(path: Path) -> Iterator[None]:
    """Says in a sentence that the disk is full or may not be written on."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise RunError(
                f"The disk that holds {path.parent} is full, so nothing more can be kept. "
                "Free some space, or delete runs, and resume."
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise RunError(
                f"{path.parent} must be a folder that may be written in. Received: {error.strerror}. "
                "Change its rights, or set DIGIT_LAB_HOME to another folder."
            ) from error
        raise


@contextmanager
def suppress_disk_errors() -> Iterator[None]:
    """Keeps what can be worked out again: a disk that takes nothing only costs the time again."""
    with suppress(OSError, RunError):
        yield


class Lock:
    """A lock file held by one process. The system frees it when that process ends, however it ends.

    The file's content says who holds it; it means nothing while nobody does.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def acquire(self, holder: dict[str, Any], timeout: float = 1.0) -> bool:
        """Tries for `patience` seconds; `holder` is what others read while it is held."""
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        deadline = time.monotonic() + timeout
        # A reader who looks whether the lock is held holds it himself for some microseconds: hence more than one try.
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
        """What the holder wrote; None where nobody holds the lock."""
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
