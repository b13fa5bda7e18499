"""How much disk the runs take, and which old runs may be deleted to make room."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from core.errors import RunError
from core.runs.file_names import FOLDERS
from core.runs.store import Run, RunStore

_FRESH_SECONDS = 5.0
_PARTS = ("runs", "trash", "sweeps")
_sizes: dict[str, tuple[tuple[int, ...], int]] = {}  # folder → the times of its changes, and its size in bytes
_totals: dict[Path, tuple[float, int]] = {}  # home → when it was measured, and bytes
_measuring = threading.Lock()


def used(home: Path, *, fresh: bool = False) -> int:
    """Bytes of all runs, the trash and the sweeps. fresh: measured now, else at most five seconds ago."""
    with _measuring:
        when, total = _totals.get(home, (0.0, 0))
        if fresh or not when or time.monotonic() - when > _FRESH_SECONDS:
            folders = [entry for part in _PARTS for entry in _folders(home / part)]
            total = sum(map(_size, folders))
            for gone in _sizes.keys() - set(folders):
                if gone.startswith(f"{home}{os.sep}"):
                    del _sizes[gone]
            _totals[home] = (time.monotonic(), total)
        return total


def make_room(store: RunStore, limit: int, *, keep: Callable[[Run], bool]) -> None:
    """Deletes for good until the runs take at most `limit` bytes: first the trash, then the oldest runs.

    A run that trains, waits, is the baseline or has a star stays, and each that `keep` names. If the others do not take
    enough, nothing is deleted.
    """
    surplus, chosen = used(store.home, fresh=True) - limit, list[Run | Path]()
    for candidate in _candidates(store, keep):
        if surplus <= 0:
            break
        surplus -= _size(str(candidate if isinstance(candidate, Path) else candidate.folder))
        chosen.append(candidate)
    for each in chosen if surplus <= 0 else ():
        if isinstance(each, Run):
            with suppress(RunError):  # it has just started again
                store.delete(each.id)
                shutil.rmtree(store.trash / each.id, ignore_errors=True)
        else:
            shutil.rmtree(each, ignore_errors=True)
    used(store.home, fresh=True)


def _candidates(store: RunStore, keep: Callable[[Run], bool]) -> Iterator[Run | Path]:
    """What may be deleted, in this order: the folders in the trash, then runs, each from the oldest."""
    yield from sorted(map(Path, _folders(store.trash)), key=lambda path: path.lstat().st_ctime)
    for run in reversed(store.runs()):
        if not (run.shipped or run.starred or run.baseline or keep(run) or run.active):
            yield run


def _folders(part: Path) -> list[str]:
    with suppress(OSError), os.scandir(part) as entries:
        return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    return []


def _size(folder: str) -> int:
    """Bytes of a folder. What did not change since the last time is not measured again."""
    changes = tuple(_changed(os.path.join(folder, name)) for name in ("", *FOLDERS))
    known = _sizes.get(folder)
    if known and known[0] == changes:
        return known[1]
    size = 0
    for path, _, files in os.walk(folder):
        for file in files:
            with suppress(OSError):
                size += os.lstat(os.path.join(path, file)).st_size
    _sizes[folder] = (changes, size)
    return size


def _changed(path: str) -> int:
    with suppress(OSError):
        return os.lstat(path).st_mtime_ns
    return 0
