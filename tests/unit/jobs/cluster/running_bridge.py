"""A bridge in a thread of the tests' process."""

import sys
import threading
import time
from contextlib import suppress

from core.jobs.cluster.bridge import Bridge
from core.jobs.cluster.settings import ClusterSettings


class _Killed:
    """What the threads of a killed bridge can still do: nothing."""

    def ask(self, *_: object) -> None:
        sys.exit()

    answer = ask

    def kill(self, name: str) -> None:
        pass


class RunningBridge:
    """A bridge in a thread of this process."""

    def __init__(self, store, cluster) -> None:
        self.bridge = Bridge(store, cluster, ClusterSettings("stand-in:1"))
        self.lock = self.bridge.records.lock
        assert self.lock.acquire({"pid": 0}, timeout=10)
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self) -> None:
        self.bridge.find_again()
        while not self.is_over.is_set():
            with suppress(ConnectionError):
                self.bridge.look_at_nodes()
            self.bridge.step()
            time.sleep(0.03)

    def close(self) -> None:
        """When no run trains any more. Its threads have ended then: they write no more files."""
        self.is_over.set()
        self.thread.join()
        for follower in self.bridge.followers.values():
            follower._thread.join(10)
        self.lock.release()

    def kill(self) -> None:
        """The runs go on, and nobody follows them."""
        self.is_over.set()
        self.thread.join()
        for follower in self.bridge.followers.values():
            follower.cluster = _Killed()
        self.close()
