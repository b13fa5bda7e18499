"""A stand-in for a cluster, a bridge to it, and a dashboard that sends its runs there."""

import tempfile

import pytest

from core.jobs.cluster import bridge as bridge_module
from core.jobs.cluster import follower, remote_run
from core.jobs.cluster import place as place_module
from core.jobs.cluster.place import ClusterPlace
from core.jobs.scheduler import Scheduler
from tests.unit.jobs.cluster.running_bridge import RunningBridge
from tests.unit.jobs.cluster.stand_in_cluster import StandInCluster


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # the nodes keep their files there
    cluster = StandInCluster()
    yield cluster
    cluster.close()


@pytest.fixture
def folders(cluster, tmp_path):
    """What nodes have of runs."""
    return lambda: list(tmp_path.glob(f"{remote_run._PREFIX}*"))


@pytest.fixture
def running(store, cluster, monkeypatch, embedded):
    monkeypatch.setattr(follower.mnist, "load", lambda: embedded)
    monkeypatch.setattr(bridge_module, "STATUS_SECONDS", 0.0)
    monkeypatch.setattr(bridge_module, "NODES_SECONDS", 0.05)
    monkeypatch.setattr(place_module, "_has_ray", lambda: True)
    running = RunningBridge(store, cluster)
    yield running
    running.close()


@pytest.fixture
def jobs(store, running):
    jobs = Scheduler(store, ClusterPlace(store))
    yield jobs
    jobs.close()
    running.bridge.cluster.close()
