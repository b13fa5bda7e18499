"""Which files of a run travel between a node and the dashboard, in pieces that fit into memory."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.files import open_regular
from core.runs import file_names
from core.runs.file_names import EPOCH_FILE, EPOCHS, EVALUATIONS, MAX_BYTES, MAX_WEIGHTS_BYTES, MOMENT_FILE, MOMENTS

PIECE_BYTES = 8 * 2**20
_RESUME_FILES = (file_names.STATE, file_names.STOPPED_STATE)
_FILES = (*_RESUME_FILES, file_names.MODEL, file_names.PREVIEW, file_names.LOG)
_FOLDERS = {EPOCHS: EPOCH_FILE, MOMENTS: MOMENT_FILE, EVALUATIONS: re.compile(r"[a-z0-9_-]{1,60}\.(npy|npz|json)")}


@dataclass(frozen=True)
class Piece:
    """A part of a file. name: "state.npz", "epochs/0003.npz". changed: the file's time in nanoseconds."""

    name: str
    changed: int
    start: int  # the byte at which it begins
    content: bytes
    is_last: bool


def may_travel(name: str) -> bool:
    """Whether a file with this name is copied between a node and the dashboard."""
    folder, _, file = name.rpartition("/")
    return name in _FILES if not folder else folder in _FOLDERS and bool(_FOLDERS[folder].fullmatch(file))


def may_be_removed(name: str) -> bool:
    """Whether the dashboard removes a file because the worker on the node removed it."""
    return may_travel(name) and (name == file_names.STOPPED_STATE or name.startswith((f"{EPOCHS}/", f"{MOMENTS}/")))


def is_needed_to_resume(name: str) -> bool:
    """Whether a node needs the content of the file to continue a run. Of others it needs the name at most."""
    return name in _RESUME_FILES


def max_bytes(name: str) -> int:
    return MAX_BYTES.get(name, MAX_WEIGHTS_BYTES)


def files(folder: Path) -> dict[str, int]:
    """The files of a run that may travel, and the time of each in nanoseconds."""
    found = _scan(folder, "")
    for name in _FOLDERS:
        found |= _scan(folder / name, f"{name}/")
    return found


def pieces(folder: Path, name: str) -> Iterator[Piece]:
    """One file in pieces of 8 MiB. It stays the same file even if it is replaced meanwhile. Raises `OSError`."""
    with os.fdopen(open_regular(folder / name), "rb") as file:
        changed = os.fstat(file.fileno()).st_mtime_ns
        start, is_last = 0, False
        while not is_last:
            content = file.read(PIECE_BYTES)
            is_last = len(content) < PIECE_BYTES
            yield Piece(name, changed, start, content, is_last)
            start += len(content)


def _scan(folder: Path, prefix: str) -> dict[str, int]:
    found = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = prefix + entry.name
                if may_travel(name) and entry.is_file(follow_symlinks=False):
                    found[name] = entry.stat(follow_symlinks=False).st_mtime_ns
    except FileNotFoundError:  # no such folder, or a file that was removed since
        pass
    return found
