"""A Ray cluster on this machine for tests: nodes with one CPU each, token authentication on."""

import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from core.jobs.cluster.place import ClusterPlace
from core.runs.store import RunStore
from tests.small_run import wait_until

OBJECT_STORE = 80 * 2**20  # bytes, the least that Ray takes
_TOKEN = secrets.token_hex(32)  # Ray reads it once in a process, when it is imported


@contextmanager
def nodes(number: int = 2) -> Iterator[Any]:
    """Ray's `Cluster`; while it lives, RAY_ADDRESS and the token name it. Its first node is the head.

    Where the head node is lost, Ray's processes wait 10 s for it instead of 60.
    """
    known = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": _TOKEN, "RAY_USAGE_STATS_ENABLED": "0"}
    known["RAY_gcs_rpc_server_reconnect_timeout_s"] = "10"
    before = {name: os.environ.get(name) for name in (*known, "RAY_ADDRESS")}
    os.environ.update(known)
    from ray.cluster_utils import Cluster

    options = {"num_cpus": 1, "object_store_memory": OBJECT_STORE}
    cluster = Cluster(initialize_head=True, head_node_args={**options, "include_dashboard": False})
    try:
        for _ in range(number - 1):
            cluster.add_node(**options)
        os.environ["RAY_ADDRESS"] = cluster.address
        yield cluster
    finally:
        cluster.shutdown()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def wait_for_bridge(place: ClusterPlace) -> None:
    """Until runs can be sent."""
    wait_until(lambda: not place.problem() and place.devices())


def end_bridge(store: RunStore) -> None:
    """Kills the bridge of a home, as a power cut would."""
    lock = ClusterPlace(store).records.lock
    if holder := lock.holder():
        with suppress(ProcessLookupError):
            os.kill(holder["pid"], signal.SIGKILL)
        wait_until(lambda: lock.holder() is None)
