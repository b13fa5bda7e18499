"""Files that survive a kill: each is written completely or not at all. Locks that end with their process."""

import errno
import fcntl
import io
import json
import os
import stat
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np

from core.errors import RunError

Arrays = Mapping[str, np.ndarray]

_PIECE = 1 << 20  # bytes that are read at once
MAX_JSON_BYTES = 8 * 2**20
STALE_SECONDS = 3600.0  # seconds after which nobody still writes a temporary file
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_TEMPORARY = ".new"  # how the names of temporary files end


def open_regular(path: Path | str, flags: int = os.O_RDONLY) -> int:
    """Opens a regular file and returns its descriptor. It follows no link at `path` and never waits for a pipe.

    Raises `OSError` (ELOOP) for a link, a pipe, a device or a folder.
    """
    try:
        file = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.EISDIR):  # a pipe or a socket; a folder
            raise OSError(errno.ELOOP, "not a regular file", str(path)) from None
        raise
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.ELOOP, "not a regular file", str(path))
    return file


def read_regular(path: Path, max_bytes: int) -> bytes:
    """The content of a regular file. Raises `OSError` for another kind of file, or one above `max_bytes`."""
    with os.fdopen(open_regular(path), "rb") as file:
        if os.fstat(file.fileno()).st_size > max_bytes:
            raise OSError(errno.EFBIG, "the file is too large", str(path))
        return file.read(max_bytes)


def write_atomic(path: Path, content: bytes | Callable[[BinaryIO], object], *, durable: bool = True) -> None:
    """Writes a temporary file beside `path` and moves it into place: readers see the old or the complete new file.

    content: the bytes, or a function that writes them. durable: wait until they are on the disk.
    Raises `RunError` if the disk is full.
    """
    # Each visitor is a thread of one process, and two of them may write the same file.
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}{_TEMPORARY}")
    try:
        with explain_disk_errors(path), _create(temporary) as file:
            if callable(content):
                content(file)
            else:
                file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        with explain_disk_errors(path):
            os.replace(temporary, path)
            if durable:
                sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _create(path: Path) -> BinaryIO:
    """Opens a new file for writing. What a killed process or a stranger left in its place is removed first."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644), "wb")


def sync_folder(folder: Path) -> None:
    """Waits until the names in a folder are on the disk: after a power cut, a new or moved file is there."""
    try:
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    try:
        with suppress(OSError):  # some network disks cannot do it
            os.fsync(file)
    finally:
        os.close(file)


def remove_temporary_files(folder: Path) -> None:
    """Removes the temporary files that killed processes left in `folder`, once they are an hour old."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") and entry.name.endswith((_TEMPORARY, ".unfinished.keras")):
                with suppress(OSError):
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > STALE_SECONDS:
                        os.unlink(entry.path)


def write_arrays(path: Path, arrays: Arrays, *, durable: bool = True) -> None:
    """Saves named arrays as an `.npz`. Raises `RunError` if the disk is full."""
    write_atomic(path, pack_arrays(arrays), durable=durable)


def pack_arrays(arrays: Arrays, level: int = 0) -> bytes:
    """The content of an `.npz`. level: of compression, 0 (none) to 9; NumPy itself can only choose 0 or 6."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED if level else zipfile.ZIP_STORED, True, level) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
    return packed.getvalue()


def write_json(path: Path, values: Any) -> None:
    write_atomic(path, json.dumps(values, indent=1).encode())


def read_json(path: Path) -> Any:
    """The content of `path`; None if it is missing, not a regular file, not JSON or over 8 MiB."""
    try:
        return json.loads(read_regular(path, MAX_JSON_BYTES))
    except (OSError, ValueError, RecursionError):
        return None


def read_limited(file: IO[bytes], limit: int) -> bytes:
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
                "Free some space: delete runs on Compare and then empty the trash there. Then resume."
            ) from error
        if error.errno == errno.ELOOP:
            raise RunError(
                f"{path.name} in {path.parent} must be a regular file, not a link or a pipe. Delete it, then try again."
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


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Only one thread of one process at a time gets past it. `path`: a file for this purpose alone, made if missing.

    The system releases it when the process ends.
    """
    file = open_regular(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)  # each descriptor is a holder of its own: threads wait as well
        yield
    finally:
        os.close(file)


class Lock:
    """A lock file held by one process. The system releases it when that process ends, even after a kill.

    The file's content says who holds it; ignore it while nobody does.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def acquire(self, holder: dict[str, Any], timeout: float = 1.0) -> bool:
        """Tries for `timeout` seconds; others can read `holder` while the lock is held."""
        with explain_disk_errors(self.path):
            file = open_regular(self.path, os.O_RDWR | os.O_CREAT)
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
            file = open_regular(self.path)
        except OSError:
            return None
        try:
            if _try_flock(file, fcntl.LOCK_SH):
                return None
            with suppress(ValueError, RecursionError):
                if isinstance(content := json.loads(os.pread(file, 4096, 0)), dict):
                    return content
            return {}
        finally:
            os.close(file)


def _try_flock(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
