"""Deleted runs, which can be restored until newer ones fill the trash."""

import re
import shutil
from pathlib import Path

from core.errors import RunError
from core.files import Lock
from core.runs.run import SHIPPED

MAX_DELETED_RUNS = 50
RUN_ID = re.compile(r"[0-9a-z][0-9a-z-]{2,40}")


def delete(run_id: str, runs: Path, trash: Path) -> None:
    """Moves a run, damaged or not, to the trash. Raises `RunError` if there is none, or while it trains."""
    if run_id == SHIPPED or not RUN_ID.fullmatch(run_id) or not (runs / run_id).is_dir():
        raise RunError("There is no run with this name to delete. Choose one from the list of runs.", received=run_id)
    if Lock(runs / run_id / "lock").holder() is not None:
        raise RunError(f"The run {run_id} is still training. Stop it, then delete it.")
    trash.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(trash / run_id, ignore_errors=True)
    (runs / run_id).rename(trash / run_id)
    _delete_oldest(trash)


def restore(run_id: str, runs: Path, trash: Path) -> None:
    """Moves a deleted run back. Raises `RunError` if it is no longer in the trash."""
    if not RUN_ID.fullmatch(run_id) or not (trash / run_id).is_dir():
        raise RunError(
            "The trash has no run with this name. Perhaps it was deleted to make room for newer ones.", received=run_id
        )
    (trash / run_id).rename(runs / run_id)


def _delete_oldest(trash: Path) -> None:
    deleted = sorted(trash.iterdir(), key=lambda folder: folder.stat().st_ctime)
    for folder in deleted[:-MAX_DELETED_RUNS]:
        shutil.rmtree(folder, ignore_errors=True)
