"""Runs in memory, read again only after something changed in their folders: hundreds of runs stay quick to list."""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from core.errors import RunError
from core.files import read_json
from core.runs import file_names, gate
from core.runs.run import ACTIVE, Run
from core.runs.timeline import Timeline, read_end

MIN_STABLE_NS = 100_000_000  # nanoseconds; two changes of a folder within this time may get the same time stamp


@dataclass
class _Cached:
    """A run, the time stamps of its folder and its run.json when it was read, and its state once it has ended.

    Whatever starts a run again creates or removes a file in its folder, so this stays valid until the stamps change.
    """

    stamp: tuple[int, int, int]
    run: Run
    final_state: str = ""


class RunCache:
    """Reads runs from their folders. Any number of threads may use it."""

    def __init__(self) -> None:
        self._timelines: dict[Path, Timeline] = {}
        self._cached: dict[str, _Cached] = {}
        self._refused: dict[str, str] = {}  # a sentence for each folder that could not be read
        self._lock = threading.Lock()

    def read(self, path: str) -> Run | None:
        """The run in a folder; None if it is damaged or strange. `why_refused` then says why."""
        now, stamp = time.time_ns(), _stamp(path)
        cached = self._cached.get(path)
        if cached and cached.stamp == stamp:
            return cached.run
        folder = Path(path)
        with self._lock:
            timeline = self._timelines.setdefault(folder, Timeline(folder / file_names.EVENTS))
        try:
            gate.check_folder(folder)
            run = Run(folder, read_json(folder / file_names.FACTS), timeline)
        except RunError as error:
            self._refused[path] = error.sentence
            return None
        except OSError as error:
            self._refused[path] = f"The run {folder.name} cannot be read: {error.strerror}."
            return None
        if now - max(stamp[:2]) > MIN_STABLE_NS:
            self._cached[path] = _Cached(stamp, run)
        return run

    def why_refused(self, path: str) -> str:
        """A sentence: why `read` found no run in this folder."""
        return self._refused.get(path, f"The run {Path(path).name} is damaged.")

    def state(self, run: Run) -> str:
        """`run.state`; the state of a run that has ended is remembered."""
        cached = self._cached.get(run.path)
        if cached and cached.run is run and cached.final_state:
            return cached.final_state
        over = not run.shipped and run.holder is None and run.queued_since is None
        ended = read_end(run.events_path) if over else None
        state = ended.outcome if ended else run.state
        if cached and cached.run is run and over and state not in ACTIVE:
            cached.final_state = state
        return state


def _stamp(folder: str) -> tuple[int, int, int]:
    """It changes when run.json, or any file of the folder, is created, replaced or removed."""
    try:
        status, facts = os.lstat(folder), os.lstat(f"{folder}/run.json")
    except OSError:
        return 0, 0, 0
    return status.st_mtime_ns, facts.st_mtime_ns, facts.st_ino
