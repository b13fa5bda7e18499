"""How many visitors have a page open, and how often pages may refresh by themselves: the more visitors, the less often.

Each refresh takes processor time, which training on the same machine then lacks.
"""

import threading
import time
import uuid
from collections.abc import Callable

import streamlit as st

UNHURRIED = 8  # with so many visitors or fewer, nothing is refreshed less often
_HERE_SECONDS = 30.0  # after this without a sign, a page counts as closed
_WHO = "_crowd_member"  # session


class Crowd:
    """The sessions that were seen lately. Any number of threads may use it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}

    def note(self, who: str) -> None:
        """Somebody's page was drawn or refreshed."""
        with self._lock:
            now = self._clock()
            self._seen[who] = now
            if len(self._seen) % 16 == 0:
                self._seen = {each: at for each, at in self._seen.items() if now - at < _HERE_SECONDS}

    def size(self) -> int:
        """How many visitors have a page open."""
        with self._lock:
            now = self._clock()
            return sum(now - at < _HERE_SECONDS for at in self._seen.values())

    def stretched(self, seconds: float) -> float:
        """The time between two refreshes that `seconds` becomes with so many visitors."""
        return seconds * max(1.0, self.size() / UNHURRIED)


@st.cache_resource(show_spinner=False)
def crowd() -> Crowd:
    """One for all visitors."""
    return Crowd()


def note() -> None:
    """Notes that this visitor has a page open."""
    who = st.session_state.get(_WHO)
    if who is None:
        who = st.session_state[_WHO] = uuid.uuid4().hex
    crowd().note(who)


def stretched(seconds: float | None) -> float | None:
    """Seconds between two refreshes of a fragment, for the visitors who are here now; None: no refresh."""
    return None if seconds is None else round(crowd().stretched(seconds), 1)
