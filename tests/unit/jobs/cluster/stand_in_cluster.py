"""A cluster for tests: its actors are threads of this process, and their workers learn nothing."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from core.jobs.cluster.interface import ActorLost, Node
from core.jobs.cluster.remote_run import RemoteRun
from tests.small_run import wait_until
from tests.unit.jobs.stand_in import STAND_IN


class StandInCluster:
    """Two nodes with one CPU each."""

    def __init__(self) -> None:
        self.alive = [Node("a" * 8, "lab-1", 1, 0), Node("b" * 8, "lab-2", 1, 0)]
        self.runs: dict[str, tuple[str, RemoteRun]] = {}
        self.started: list[str] = []  # the names of all actors, also of those that have ended
        self.answers = True
        self.has_no_token = False
        self._pool = ThreadPoolExecutor(16)
        self._lock = threading.Lock()

    def nodes(self) -> list[Node]:
        if not self.answers:
            raise ConnectionError("the head node is away")
        return list(self.alive)

    def is_open(self) -> bool:
        return self.has_no_token

    def actors(self) -> set[str]:
        return set(self.runs)

    def start(self, name: str, kind: str) -> None:
        with self._lock:
            wait_until(self._free_nodes)
            self.runs[name] = self._free_nodes()[0], RemoteRun(STAND_IN)
            self.started.append(name)

    def _free_nodes(self) -> list[str]:
        used = {node for node, _ in list(self.runs.values())}
        return [node.id for node in self.alive if node.id not in used]

    def ask(self, name: str, method: str, *arguments: Any) -> tuple[str, Future]:
        if name not in self.runs:
            raise ActorLost(name)
        node, run = self.runs[name]
        try:
            future = self._pool.submit(getattr(run, method), *arguments)
        except RuntimeError as error:  # the cluster is closed
            raise ActorLost(name) from error
        if method == "hello":
            answer: Future = Future()
            answer.set_result({**future.result(), "node": node})
            return name, answer
        return name, future

    def answer(self, asked: tuple[str, Future], seconds: float) -> Any:
        name, future = asked
        answer = future.result(seconds)
        if name not in self.runs:  # lost meanwhile
            raise ActorLost(name)
        return answer

    def kill(self, name: str) -> None:
        """As Ray does it: the files stay on the node."""
        found = self.runs.pop(name, None)
        if found:
            found[1]._worker.kill()
            found[1]._owner.release()

    def lose(self, place: int) -> None:
        """A node is gone, with all that ran there."""
        node = self.alive.pop(place)
        for name in [name for name, (where, _) in self.runs.items() if where == node.id]:
            self.kill(name)

    def close(self) -> None:
        for name in list(self.runs):
            self.kill(name)
        self._pool.shutdown()
