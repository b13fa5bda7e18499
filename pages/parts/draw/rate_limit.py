"""How often browsers may send their ink: the more people draw at once, the longer each waits between two messages."""

import threading
import time
from collections.abc import Callable

SHORTEST, LONGEST = 0.05, 2.0  # seconds between two messages of one browser
MAX_LOAD = 0.5  # the share of one core that all live bars together may take
OVERHEAD = 0.010  # seconds that Streamlit takes for a message, beside the reading itself
DRAWING = 3.0  # seconds after its last message in which a browser counts as drawing


class RateLimit:
    """How often the browsers may send, so that all of them together take at most `MAX_LOAD` of a core."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._latest: dict[str, float] = {}
        self._seconds = OVERHEAD

    def admits(self, who: str) -> bool:
        """Whether this message is to be processed. One that comes before half of the interval is skipped."""
        with self._lock:
            now, interval = self._clock(), self._interval()
            if now - self._latest.get(who, -LONGEST) < interval / 2:
                return False
            self._latest = {name: at for name, at in self._latest.items() if now - at < DRAWING}
            self._latest[who] = now
            return True

    def took(self, seconds: float) -> None:
        """Records how long an update took."""
        with self._lock:
            self._seconds += 0.1 * (seconds + OVERHEAD - self._seconds)

    def interval(self) -> float:
        """Seconds that a browser waits between two messages."""
        with self._lock:
            return self._interval()

    def _interval(self) -> float:
        now = self._clock()
        drawing = sum(now - at < DRAWING for at in self._latest.values())
        return min(LONGEST, max(SHORTEST, drawing * self._seconds / MAX_LOAD))
