"""Actors whose worker has trained a run and waits a moment for another seed of it: `kept_workers` of a cluster.

Where more seeds wait than devices are free, this saves each of the others the start of an actor and the import of
Keras. Only the bridge's thread uses it.
"""

import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from core.jobs.cluster.interface import ActorLost, Cluster
from core.jobs.kept_workers import WAIT_SECONDS, differ_in_seed
from core.runs.run import Run

_END_SECONDS = 5.0  # for an actor to remove its files


@dataclass(frozen=True)
class _Idle:
    actor: str  # its name
    kind: str  # of its device
    run: Run  # that it trained last
    since: float


class KeptActors:
    """The actors that wait for another seed. Each holds its device until it ends."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._idle: list[_Idle] = []
        self._ending: list[threading.Thread] = []

    def add(self, actor: str, kind: str, run: Run) -> None:
        """The run of this actor has ended."""
        self._idle.append(_Idle(actor, kind, run, time.monotonic()))

    def take(self, run: Run, kind: str) -> str:
        """The name of an actor that fits the run; empty if there is none."""
        for idle in self._idle:
            if idle.kind == kind and differ_in_seed(idle.run, run):
                self._idle.remove(idle)
                return idle.actor
        return ""

    def count(self, kind: str) -> int:
        return sum(idle.kind == kind for idle in self._idle)

    def end_one(self, kind: str) -> None:
        """Another run needs the device of the one that has waited longest."""
        oldest = next((idle for idle in self._idle if idle.kind == kind), None)
        if oldest:
            self._end(oldest)

    def end_idle(self, seconds: float = WAIT_SECONDS) -> None:
        """Ends those that have waited for so long."""
        for idle in list(self._idle):
            if time.monotonic() - idle.since >= seconds:
                self._end(idle)

    def close(self) -> None:
        """Ends all and waits until they have removed their files."""
        self.end_idle(0.0)
        for thread in self._ending:
            thread.join(2 * _END_SECONDS)

    def _end(self, idle: _Idle) -> None:
        """In a thread of its own: the node may not answer."""
        self._idle.remove(idle)
        self._ending = [thread for thread in self._ending if thread.is_alive()]
        self._ending.append(threading.Thread(target=_end_actor, args=(self.cluster, idle.actor), daemon=True))
        self._ending[-1].start()


def _end_actor(cluster: Cluster, actor: str) -> None:
    with suppress(ActorLost, TimeoutError, ConnectionResetError):
        cluster.answer(cluster.ask(actor, "end"), _END_SECONDS)
    cluster.kill(actor)
