"""`python -m core.jobs.cluster.bridge`: the process between the dashboard and the cluster. Only it imports Ray.

It reads the records of runs that were sent, follows each of these runs, and writes which nodes there are. It only uses
files: it can be killed and started again, and then finds the runs on the cluster by their names.
"""

import os
import secrets
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress

from core.errors import ConfigError, RunError
from core.files import write_json
from core.jobs.cluster import settings as cluster_settings
from core.jobs.cluster import token_check
from core.jobs.cluster.follower import Follower
from core.jobs.cluster.interface import Cluster, Node
from core.jobs.cluster.kept_actors import Idle, KeptActors
from core.jobs.cluster.records import KILL, LOST, PLACED, REQUEUED, SENT, Record, Records, Status
from core.jobs.cluster.settings import ClusterSettings
from core.jobs.places import CPU, Device
from core.runs.control import ControlRequests
from core.runs.run import Run
from core.runs.store import RunStore

POLL_SECONDS = 0.1
NODES_SECONDS = 1.0  # between two looks at the nodes
SILENT_SECONDS = 10.0  # after this without an answer, no run is sent
STATUS_SECONDS = 0.5
MAX_LOSSES = 1  # so often a run goes back into the queue when its node is lost


class Bridge:
    """Follows the runs of one home on one cluster."""

    def __init__(self, store: RunStore, cluster: Cluster, settings: ClusterSettings) -> None:
        self.store, self.cluster, self.settings = store, cluster, settings
        self.records = Records(store.home)
        self.followers: dict[str, Follower] = {}
        self.kept = KeptActors(cluster)
        self._nodes: list[Node] = []
        self._answered_at = 0.0  # when the cluster was last asked and then answered
        self._is_open: bool | None = None  # None: it was not asked yet
        self._lost_at: dict[str, float] = {}  # when the loss of a run was noticed
        self._status: Status | None = None
        self._status_at = 0.0

    def find_again(self) -> None:
        """Follows the runs that an earlier bridge placed. What nobody knows any more ends."""
        self.look_at_nodes()
        actors = self.cluster.actors()
        for record in self.records.all():
            if record.state not in (PLACED, KILL):
                continue
            if record.actor in actors:
                self._follow(record)
            else:
                self.records.change(record.run_id, state=LOST, losses=record.losses + 1)
        for name in actors - {record.actor for record in self.records.all()}:
            self.kept.end(name)

    def look_at_nodes(self) -> None:
        """Asks the cluster which nodes live. This takes long while the head node is away."""
        asked_at = time.monotonic()
        self._nodes = self.cluster.nodes()
        self._answered_at = asked_at
        if self._is_open is None:
            self._is_open = self.cluster.is_open()

    def step(self) -> None:
        """One look at the records and at the followers."""
        for run_id, follower in list(self.followers.items()):
            if not follower.is_alive:
                del self.followers[run_id]
                self._keep_actor(follower)
        if any(follower.lacks_device for follower in self.followers.values()):
            self.kept.end_idle(0.0)
        self.kept.end_idle()
        for record in self.records.all():
            if record.run_id in self.followers:
                if record.state == KILL:
                    self.followers[record.run_id].kill()
            elif record.state == SENT:
                self._send(record)
            elif record.state == KILL:
                self.records.remove(record.run_id)
            elif record.state == LOST:
                self._requeue(record)
        self._write_status()

    def _send(self, record: Record) -> None:
        """Lets a run train in an actor that waits for another seed of it, else in a new one."""
        run = self._find_run(record.run_id)
        if run is None:
            self.records.remove(record.run_id)
            return
        kept = self.kept.take(run, record.kind)
        if not kept and self._is_full(record.kind):
            self.kept.end_one(record.kind)
        name = kept.actor if kept else f"{record.run_id}.{secrets.token_hex(4)}"
        self._follow(Record(record.run_id, SENT, record.kind, name, record.losses), kept)

    def _is_full(self, kind: str) -> bool:
        """Whether the actors that train and those that wait hold all devices of this kind."""
        used = sum(follower.record.kind == kind for follower in self.followers.values()) + self.kept.count(kind)
        return used >= sum(node.room(self.settings)[kind] for node in self._nodes)

    def _keep_actor(self, follower: Follower) -> None:
        """An actor that its follower has left waits for another seed of the run."""
        if not follower.leaves_actor:
            return
        if run := self._find_run(follower.record.run_id):
            self.kept.add(follower.record.actor, follower.record.kind, run, follower.actor_began)
        else:
            self.kept.end(follower.record.actor)

    def _find_run(self, run_id: str) -> Run | None:
        with suppress(RunError):
            return self.store.get(run_id)
        return None

    def _follow(self, record: Record, kept: Idle | None = None) -> None:
        names = {node.id: node.name for node in self._nodes}
        follower = Follower(
            self.store,
            self.records,
            self.cluster,
            record,
            node_name=lambda node: names.get(node) or node[:8],
            threads=self.settings.cpus if record.kind == CPU else 0,
            runs_per_gpu=round(1 / self.settings.gpu),
            actor_began=kept.began if kept else 0.0,
        )
        self.followers[record.run_id] = follower
        follower.start()

    def _requeue(self, record: Record) -> None:
        """A lost run goes back into the queue once, when the cluster answers again."""
        noticed = self._lost_at.setdefault(record.run_id, time.monotonic())
        if self._answered_at < noticed + NODES_SECONDS:
            return  # perhaps the head node is lost: until it answers, the run is shown as interrupted
        del self._lost_at[record.run_id]
        run = self._find_run(record.run_id)
        if run is None or record.losses > MAX_LOSSES or ControlRequests(run).read().get("stop"):
            self.records.remove(record.run_id)
            return
        self.records.change(record.run_id, state=REQUEUED)
        write_json(run.queued_path, run.created)  # before the runs that came later

    def _write_status(self) -> None:
        placed = {run_id: follower for run_id, follower in self.followers.items() if follower.node}
        devices = []
        for node in self._nodes:
            for kind, capacity in node.room(self.settings).items():
                runs = tuple(i for i, each in placed.items() if (each.node, each.record.kind) == (node.name, kind))
                if capacity or runs:
                    devices.append(Device(node.name, kind, _device_name(node, kind), capacity, runs))
        usage = {run_id: follower.usage for run_id, follower in placed.items()}
        is_silent = time.monotonic() - self._answered_at > SILENT_SECONDS
        error = "The head node of the cluster does not answer. Runs wait until it does." if is_silent else ""
        status = Status(error, tuple(devices), usage, token_check.WARNING if self._is_open else "")
        if status != self._status and time.monotonic() - self._status_at > STATUS_SECONDS:
            self._status, self._status_at = status, time.monotonic()
            self.records.write_status(status)


def _device_name(node: Node, kind: str) -> str:
    if kind == CPU:
        return f"CPU ({node.cpus:g} core{'s' * (node.cpus != 1)})"
    return f"{node.gpus:g} × {node.gpu or 'GPU'}"


def serve(bridge: Bridge) -> None:
    """Works until no dashboard is there and no run is left."""
    bridge.find_again()
    threading.Thread(target=_look_for_ever, args=(bridge.look_at_nodes,), daemon=True).start()
    while bridge.records.is_wanted() or bridge.followers:
        bridge.step()
        time.sleep(POLL_SECONDS)
    bridge.kept.close()


def _look_for_ever(look: Callable[[], None]) -> None:
    while True:
        try:
            look()
        except Exception:
            traceback.print_exc()
        time.sleep(NODES_SECONDS)


def main() -> int:
    """Connects and serves; returns 1 where another bridge lives or the cluster does not answer."""
    store = RunStore()
    records = Records(store.home)
    lock = records.lock
    if not lock.acquire({"pid": os.getpid()}):
        return 1
    address = ""
    try:
        settings = cluster_settings.load(store.home)
        if settings is None:
            return 0
        address = settings.address
        records.write_status(Status(f"The cluster at {settings.address} is being asked. Runs wait until it answers."))
        from core.jobs.cluster.ray_cluster import RayCluster

        cluster = RayCluster(settings, records.name())
    except ConfigError as error:
        records.write_status(Status(error.sentence))
        return 1
    except Exception as error:  # Ray raises many kinds
        traceback.print_exc()
        records.write_status(
            Status(
                f"The cluster at {address} does not answer: {type(error).__name__}. Runs wait. Is Ray started "
                f"there, is this machine a part of the cluster, and do both have the same token? "
                f"{records.folder.name}/bridge.log says more."
            )
        )
        return 1
    serve(Bridge(store, cluster, settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
