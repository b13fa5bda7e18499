"""What the bridge asks of a cluster. `ray_cluster.RayCluster` is Ray; tests have a stand-in."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from core.jobs.cluster.settings import ClusterSettings
from core.jobs.places import CPU, GPU

_END_SECONDS = 5.0  # for an actor to remove its files


class ActorLost(Exception):
    """The node or the process of a run is gone."""


@dataclass(frozen=True)
class Node:
    """A node that answers. cpus, gpus: all that runs may ask for there; gpu: the model, if it is known."""

    id: str
    name: str
    cpus: float
    gpus: float
    gpu: str = ""

    def room(self, settings: ClusterSettings) -> dict[str, int]:
        """How many runs it trains at a time on each kind of device. A run on a GPU needs CPUs too."""
        gpu = int(min(self.gpus / settings.gpu, self.cpus / settings.cpus) + 1e-6)
        return {GPU: gpu, CPU: int((self.cpus - gpu * settings.cpus) / settings.cpus + 1e-6)}


class Cluster(Protocol):
    """Named actors on nodes: each trains one run at a time and outlives the bridge."""

    def nodes(self) -> list[Node]:
        """The nodes that live."""

    def is_open(self) -> bool:
        """Whether everybody who reaches it can run programs there, because it asks for no token."""

    def actors(self) -> set[str]:
        """The names of all actors of this home."""

    def start(self, name: str, kind: str) -> None:
        """Starts an actor on a free device of this kind; it waits while there is none."""

    def ask(self, name: str, method: str, *arguments: Any) -> Any:
        """Calls a method of an actor (`remote_run.RemoteRun`) and returns at once. Raises `ActorLost`."""

    def answer(self, asked: Any, seconds: float) -> Any:
        """What the call returned. Raises `TimeoutError` if it takes longer, `ConnectionResetError` if the node does
        not answer now, `ActorLost`, or what the method raised."""

    def kill(self, name: str) -> None:
        """Ends an actor, if it lives."""


def end_actor(cluster: Cluster, name: str) -> None:
    """Lets an actor remove its files, if its node answers within 5 s, and ends it."""
    try:
        with suppress(ActorLost, TimeoutError, ConnectionResetError):
            cluster.answer(cluster.ask(name, "end"), _END_SECONDS)
    finally:
        cluster.kill(name)
