"""Deleted runs, which can be restored until newer ones fill the trash, the disk is nearly full, or it is emptied."""

import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from core.errors import RunError
from core.files import Lock, explain_disk_errors, read_json, sync_folder
from core.runs.file_names import FACTS, LOCK
from core.runs.run import SHIPPED

MAX_DELETED_RUNS = 50
MIN_FREE_BYTES = 500_000_000  # with less free disk than this, the oldest deleted runs are removed for good
RUN_ID = re.compile(r"[0-9a-z][0-9a-z-]{2,40}")


def delete(run_id: str, runs: Path, trash: Path) -> None:
    """Moves a run, damaged or not, to the trash. Raises `RunError` if there is none, or while it trains."""
    folder = runs / run_id
    if run_id == SHIPPED or not RUN_ID.fullmatch(run_id) or not (folder.is_dir() or folder.is_symlink()):
        raise RunError("There is no run with this name to delete. Choose one from the list of runs.", received=run_id)
    if not folder.is_symlink() and Lock(folder / LOCK).holder() is not None:
        raise RunError(f"The run {run_id} is still training. Stop it, then delete it.")
    with explain_disk_errors(trash):
        trash.mkdir(parents=True, exist_ok=True)
        _remove(trash / run_id)
        folder.rename(trash / run_id)
    _delete_oldest(trash)


def restore(run_id: str, runs: Path, trash: Path) -> None:
    """Moves a deleted run back. Raises `RunError` if it is no longer in the trash, or if there is a run of that id."""
    if not RUN_ID.fullmatch(run_id) or not (trash / run_id).is_dir():
        raise RunError(
            "The trash has no run with this name. Perhaps it was deleted to make room for newer ones.", received=run_id
        )
    if (runs / run_id).exists():
        raise RunError(f"There is already a run {run_id}. Delete it first, or leave this one in the trash.")
    with explain_disk_errors(runs):
        (trash / run_id).rename(runs / run_id)
        sync_folder(runs)


def deleted_by(visitor: str | None, trash: Path) -> list[Path]:
    """The deleted runs that a visitor started, or that have no owner: only these may the visitor delete for good.

    None: all of them.
    """
    folders = list(trash.iterdir()) if trash.is_dir() else []
    return [folder for folder in folders if visitor is None or _starter(folder) in ("", visitor)]


def size(folders: Iterable[Path]) -> int:
    """How many bytes of disk the runs in the trash take."""
    taken = 0
    for path in (path for folder in folders for path in folder.rglob("*")):
        with suppress(OSError):  # somebody restores it at this moment
            taken += path.lstat().st_size
    return taken


def delete_for_good(folders: Iterable[Path]) -> None:
    """Frees the disk that these runs in the trash take."""
    for folder in folders:
        _remove(folder)


def _starter(folder: Path) -> str:
    facts = read_json(folder / FACTS)
    return str(facts.get("starter", "")) if isinstance(facts, dict) else ""


def _delete_oldest(trash: Path) -> None:
    deleted = sorted(trash.iterdir(), key=lambda folder: folder.lstat().st_ctime)
    for folder in deleted[:-MAX_DELETED_RUNS]:
        _remove(folder)
    for folder in deleted[-MAX_DELETED_RUNS:-1]:  # what was deleted just now can still be restored
        if shutil.disk_usage(trash).free > MIN_FREE_BYTES:
            return
        _remove(folder)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)
