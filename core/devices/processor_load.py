"""How busy the processor is, for all threads of this process together.

`psutil.cpu_percent()` answers each thread from this thread's own last question, and the first time with 0. Each script
run of a page is a thread of its own, so the page would often show 0%.
"""

import threading
import time
from typing import NamedTuple

import psutil

_RECENT_SECONDS = 5.0  # an older reading says little about now
_SHORTEST_SECONDS = 0.1  # between two readings: the system counts in hundredths of a second


class _Reading(NamedTuple):
    time: float  # monotonic
    busy: float  # seconds of all cores
    total: float


class ProcessorLoad:
    """The share of the processor's time that was used since the last question."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: _Reading | None = None
        self._share = 0.0

    def share(self) -> float:
        """A number in [0, 1]. The first question, and one after a long time, waits for a tenth of a second."""
        with self._lock:
            before = self._last
            if before is None or time.monotonic() - before.time > _RECENT_SECONDS:
                before = _read()
                time.sleep(_SHORTEST_SECONDS)
            now = _read()
            if now.time - before.time > _SHORTEST_SECONDS / 2:
                self._last = now
                self._share = min(max((now.busy - before.busy) / (now.total - before.total), 0.0), 1.0)
            return self._share


def _read() -> _Reading:
    times = psutil.cpu_times()._asdict()
    counted_twice = times.get("guest", 0.0) + times.get("guest_nice", 0.0)  # Linux has them in `user` and `nice` too
    total = sum(times.values()) - counted_twice
    return _Reading(time.monotonic(), total - times["idle"] - times.get("iowait", 0.0), total)


LOAD = ProcessorLoad()
