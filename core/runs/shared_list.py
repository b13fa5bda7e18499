"""The list of all runs. Where it is long, all who ask share one for a moment: to look into each folder takes time."""

import threading
import time
from collections.abc import Callable

from core.runs.run import Run

MANY_RUNS, LIST_SECONDS = 500, 0.5


class SharedList:
    """Any number of threads may use it. read: makes the list."""

    def __init__(self, read: Callable[[], list[Run]]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._runs: list[Run] = []
        self._read_at = 0.0  # by a clock that is never set back
        self._changes = 0  # by this process

    def get(self) -> list[Run]:
        """The runs. With more than `MANY_RUNS`, other processes may have changed something `LIST_SECONDS` ago."""
        with self._lock:
            changes, now = self._changes, time.monotonic()
            if len(self._runs) > MANY_RUNS and now - self._read_at < LIST_SECONDS:
                return list(self._runs)
        runs = self._read()
        with self._lock:
            if changes == self._changes:
                self._runs, self._read_at = runs, now
        return list(runs)

    def changed(self) -> None:
        """This process has changed a run: the next list has it."""
        with self._lock:
            self._changes += 1
            self._runs = []
