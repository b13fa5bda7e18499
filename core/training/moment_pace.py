"""How often a network is measured while it trains: rarely, but for those who watch it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

SHARE_OF_TIME = 0.01  # of one core, for measuring while training runs
SHARE_WHILE_WATCHED = 0.05
WATCHED_REST_SECONDS = 0.4  # at least, between two measurements: a page refreshes twice a second
GLANCE_SECONDS = 1.0  # without a new moment; then those who watch see the network between two moments


@dataclass
class MomentPace:
    """The rest between two measurements. It is short while somebody watches and a newer network can be measured.

    is_watched: whether somebody looks at the run; any thread may ask.
    """

    is_watched: Callable[[], bool]
    _took: float = 0.0  # seconds of a core, for the last measurement
    _ended: float = float("-inf")
    _newest: float = float("-inf")  # when the newest network was measured

    def note(self, seconds: float, *, is_newer: bool) -> None:
        """A measurement has just ended that took so many seconds of a core. is_newer: than all before it."""
        self._took, self._ended = seconds, time.perf_counter()
        if is_newer:
            self._newest = self._ended

    def may_measure(self, *, is_newer: bool) -> bool:
        """Whether the rest is over. is_newer: than all that was measured; pages show only the newest."""
        rested = time.perf_counter() - self._ended
        return rested >= self._took / SHARE_OF_TIME or (is_newer and rested >= self._watched_rest and self.is_watched())

    def wants_glance(self) -> bool:
        """Whether those who watch have waited long enough for a newer network, whatever else was measured."""
        waited = time.perf_counter() - self._newest
        return waited >= max(GLANCE_SECONDS, self._watched_rest) and self.is_watched()

    @property
    def _watched_rest(self) -> float:
        return max(WATCHED_REST_SECONDS, self._took / SHARE_WHILE_WATCHED)
