"""Runs in memory, read again only after something changed in their folders: hundreds of runs stay quick to list."""

import os
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import RunError
from core.files import read_json
from core.runs import file_names, gate
from core.runs.events import INTERRUPTED, OUTCOMES
from core.runs.run import ACTIVE, Run
from core.runs.run_index import MIN_CHANGES, Entry, Stamp, read_index, write_index
from core.runs.timeline import Timeline, read_end

MIN_STABLE_NS = 100_000_000  # nanoseconds; two changes of a folder within this time may get the same time stamp


@dataclass
class _Cached:
    """A run, the time stamps of its folder and its run.json when it was read, and its state once it has ended.

    Whatever starts a run again creates or removes a file in its folder, so this stays valid until the stamps change.
    """

    stamp: Stamp
    run: Run
    facts: dict[str, Any]
    final_state: str = ""


class RunCache:
    """Reads runs from their folders. Any number of threads may use it. index: the file of `run_index`."""

    def __init__(self, index: Path) -> None:
        self._index_path, self._index = index, read_index(index)
        self._changes = 0  # since the index was written
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
        indexed = self._index.pop(folder.name, None)
        known = indexed if indexed and indexed.stamp == stamp else None  # the gate has seen these very files
        try:
            if known is None:
                gate.check_folder(folder)
            facts = known.facts if known else read_json(folder / file_names.FACTS)
            run = Run(folder, facts, timeline)
        except RunError as error:
            self._refused[path] = error.sentence
            return None
        except OSError as error:
            self._refused[path] = f"The run {folder.name} cannot be read: {error.strerror}."
            return None
        if now - max(stamp[:2]) > MIN_STABLE_NS:
            final_state = known.final_state if known and known.final_state in (*OUTCOMES, INTERRUPTED) else ""
            self._cached[path] = _Cached(stamp, run, facts, final_state)
            self._changes += known is None
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
            self._changes += 1
        return state

    def save_index(self, folders: Collection[str]) -> None:
        """Writes what is known of the runs in these folders, if there is much that the file does not have yet."""
        if self._changes < MIN_CHANGES:
            return
        self._changes = 0
        known = {path: cached for path in folders if (cached := self._cached.get(path))}
        entries = {Path(path).name: Entry(each.stamp, each.facts, each.final_state) for path, each in known.items()}
        self.saving = threading.Thread(target=write_index, args=(self._index_path, entries), daemon=True)
        self.saving.start()


def _stamp(folder: str) -> Stamp:
    """It changes when run.json, or any file of the folder, is created, replaced or removed."""
    try:
        status, facts = os.lstat(folder), os.lstat(f"{folder}/run.json")
    except OSError:
        return 0, 0, 0
    return status.st_mtime_ns, facts.st_mtime_ns, facts.st_ino
