"""The clock of a run: seconds of training, without pauses."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class RunClock:
    """Seconds of training since the run began, with those `before` a resume and without pauses."""

    def __init__(self, before: float) -> None:
        self.before, self.start, self.paused = before, time.perf_counter(), 0.0

    @property
    def seconds(self) -> float:
        return self.before + time.perf_counter() - self.start - self.paused

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Time in this block does not count."""
        pause_start = time.perf_counter()
        yield
        self.paused += time.perf_counter() - pause_start
