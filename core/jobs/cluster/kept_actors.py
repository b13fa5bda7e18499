"""Actors whose worker has trained a run and waits a moment for another seed of it: `kept_workers` of a cluster.

Where more seeds wait than devices are free, this saves each of the others the start of an actor and the import of
Keras. Only the bridge's thread uses it.
"""

import threading
import time
from dataclasses import dataclass

from core.jobs.cluster.interface import Cluster, end_actor
from core.jobs.kept_workers import WAIT_SECONDS, differ_in_seed
from core.runs.run import Run

MAX_SECONDS = 120.0  # after this it ends with its run: another home may need the device, which a bridge cannot see
_CLOSE_SECONDS = 10.0  # for all actors to remove their files


@dataclass(frozen=True)
class Idle:
    """An actor that waits. Times are those of `time.monotonic`."""

    actor: str  # its name
    kind: str  # of its device
    run: Run  # that it trained last
    began: float  # when the actor began its first run
    since: float


class KeptActors:
    """The actors that wait for another seed. Each holds its device until it ends."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._idle: list[Idle] = []
        self._ending: list[threading.Thread] = []

    def add(self, actor: str, kind: str, run: Run, began: float) -> None:
        """The run of this actor has ended. began: when the actor began its first run."""
        now = time.monotonic()
        if now - began < MAX_SECONDS:
            self._idle.append(Idle(actor, kind, run, began, now))
        else:
            self.end(actor)

    def take(self, run: Run, kind: str) -> Idle | None:
        """An actor that fits the run; None if there is none."""
        for idle in self._idle:
            if idle.kind == kind and differ_in_seed(idle.run, run):
                self._idle.remove(idle)
                return idle
        return None

    def count(self, kind: str) -> int:
        return sum(idle.kind == kind for idle in self._idle)

    def end_one(self, kind: str) -> None:
        """Another run needs the device of the one that has waited longest."""
        oldest = next((idle for idle in self._idle if idle.kind == kind), None)
        if oldest:
            self._idle.remove(oldest)
            self.end(oldest.actor)

    def end_idle(self, seconds: float = WAIT_SECONDS) -> None:
        """Ends those that have waited for so long."""
        for idle in list(self._idle):
            if time.monotonic() - idle.since >= seconds:
                self._idle.remove(idle)
                self.end(idle.actor)

    def close(self) -> None:
        """Ends all and waits until they have removed their files."""
        self.end_idle(0.0)
        for thread in self._ending:
            thread.join(_CLOSE_SECONDS)

    def end(self, actor: str) -> None:
        """Ends an actor that nobody needs, in a thread of its own: the node may not answer."""
        self._ending = [thread for thread in self._ending if thread.is_alive()]
        self._ending.append(threading.Thread(target=end_actor, args=(self.cluster, actor), daemon=True))
        self._ending[-1].start()
