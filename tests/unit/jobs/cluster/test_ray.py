"""Runs on a real Ray cluster of two nodes on this machine. Without Ray these tests are skipped."""

import os
import signal
import statistics
import subprocess
import time

import numpy as np
import psutil
import pytest

from core.classroom.visitors import Visitor
from core.jobs import repeat
from core.jobs.cluster.place import BRIDGE_COMMAND, ClusterPlace, choose
from core.jobs.cluster.records import Records
from core.jobs.cluster.token_check import is_open
from core.jobs.scheduler import Scheduler
from core.network.forecast import Forecast
from core.runs.store import RunStore
from tests.conftest import ROOT
from tests.ray_cluster import end_bridge, nodes, wait_for_bridge
from tests.ray_delays import point_delays, request_delays
from tests.small_run import SMALL, train, wait_until, weights_of
from tests.unit.jobs.cluster.needs_ray import NEEDS_RAY

pytestmark = NEEDS_RAY
SLOW = SMALL.changed(epochs=15, train_images=4000, batch_size=10)  # some tenths of a second for each epoch
LONG = SLOW.changed(epochs=500, batch_size=4)  # several tests use the same run, one after another


@pytest.fixture(scope="module")
def cluster():
    with nodes() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def store(cluster, tmp_path_factory):
    store = RunStore(tmp_path_factory.mktemp("cluster"))
    yield store
    end_bridge(store)


@pytest.fixture
def jobs(store):
    """A dashboard. The bridge goes on between the tests, and so do runs."""
    place = choose(store)
    assert isinstance(place, ClusterPlace)
    jobs = Scheduler(store, place)
    wait_for_bridge(place)
    yield jobs
    jobs.close()


@pytest.fixture
def training(jobs, store):
    """A run that trains: the one of the test before, if it still does. To start one takes seconds."""
    run = next((run for run in store.active() if run.config == LONG), None) or jobs.submit(LONG)
    wait_until(lambda: len(run.epochs) > 1, 180)
    return run


def wait_for_all(runs, state, seconds=300.0):
    """Waits until all runs are in this state. A busy machine takes half a minute to import TensorFlow."""
    try:
        wait_until(lambda: all(run.state == state for run in runs), seconds)
    except AssertionError:
        pytest.fail(f"{[(run.state, run.holder, run.step) for run in runs]}")


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # it has just ended; a zombie counts as such
        return []


def started(name: str) -> list[psutil.Process]:
    """The processes with this word in their command, of those that this one started."""
    return [each for each in psutil.Process().children(recursive=True) if name in _command(each)]


def listeners(name: str) -> int:
    """On how many ports the only one of these processes listens."""
    ours = started(name)
    assert len(ours) == 1
    return sum(each.status == psutil.CONN_LISTEN for each in ours[0].net_connections())


def node_of(run) -> str:
    return run.started.device.rpartition(" on ")[2]


def test_a_sweep_of_six_seeds_takes_one_worker_on_each_of_two_nodes_and_equals_local_runs(jobs, tmp_path):
    runs = repeat.start(jobs, SMALL, 6, visitor=Visitor("a" * 12, ""), expected=Forecast(1.0, 0, 0))
    workers: set[int] = set()
    while any(run.active for run in runs):
        workers |= {each.pid for each in started("core.jobs.cluster.node_worker")}
        time.sleep(0.05)
    assert [run.state for run in runs] == ["finished"] * 6
    assert len({node_of(run) for run in runs}) == len(workers) == 2
    wait_until(lambda: jobs.place.records.all() == [])
    assert all(run.has_model and len(run.checkpoint_epochs) == SMALL.epochs for run in runs)
    assert not any(list(run.folder.glob(".*")) for run in runs)
    first = next(run.id for run in runs[:2] if node_of(run) == node_of(runs[-1]))
    assert f"This process trained the run {first} first." in runs[-1].log_path.read_text()
    for run in (runs[0], runs[-1]):  # the first seed of a worker, and a later one
        here, _ = train(RunStore(tmp_path / run.id), run.config)
        for name, weights in weights_of(here).items():
            np.testing.assert_array_equal(weights, weights_of(run)[name])
        assert [epoch.loss for epoch in run.epochs] == [epoch.loss for epoch in here.epochs]
    wait_until(lambda: not started("core.jobs.cluster.node_worker"))


def test_points_and_requests_travel_within_half_a_second(jobs, training):
    """Most of them, and none much longer: the machine of the tests may be busy."""
    for delays in (point_delays(training, 60), request_delays(training, 16)):
        assert statistics.quantiles(delays, n=10)[-2] < 0.5, delays  # 80%
        assert max(delays) < 5.0
    wait_until(lambda: training.rates)  # one of the requests was a rate
    jobs.pause(training.id)
    wait_until(lambda: training.state == "paused")
    jobs.resume(training.id)
    wait_until(lambda: training.state == "running")


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_who_has_no_token_or_another_one_is_refused(cluster, tmp_path, token):
    assert not is_open(cluster.address)
    mode = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token} if token else {"RAY_AUTH_MODE": "disabled"}
    environment = {**os.environ, **mode, "DIGIT_LAB_HOME": str(tmp_path)}
    assert subprocess.run(BRIDGE_COMMAND, cwd=ROOT, env=environment, capture_output=True, timeout=120).returncode == 1
    assert "the same token" in Records(tmp_path).status().error


def test_a_run_goes_on_without_dashboard_and_bridge_and_both_find_it_again(jobs, store, training):
    listening = {name: listeners(name) for name in ("core.jobs.cluster.bridge", "core.jobs.cluster.node_worker")}
    assert listening == {"core.jobs.cluster.bridge": 1, "core.jobs.cluster.node_worker": 0}  # the one is Ray's own
    jobs.close()
    end_bridge(store)
    assert training.state == "interrupted"
    epochs = len(training.epochs)
    time.sleep(1.0)
    again = Scheduler(store, choose(store))
    wait_until(lambda: training.state == "running" and len(training.epochs) > epochs + 2, 180)
    assert training.started.from_epoch == 0  # it never stopped
    assert [epoch.epoch for epoch in training.epochs] == list(range(1, len(training.epochs) + 1))
    again.stop(training.id)
    wait_until(lambda: training.state == "stopped")
    assert training.has_model
    again.close()


def test_a_waiting_run_is_cancelled_and_a_training_one_is_killed(jobs, store, training):
    other, waiting = jobs.submit(LONG.changed(seed=2)), jobs.submit(LONG.changed(seed=3))
    wait_for_all([training, other], "running")
    jobs.stop(waiting.id)
    assert waiting.id not in {run.id for run in store.runs()}
    for run in (training, other):
        jobs.place.kill(run)
    wait_for_all([training, other], "interrupted")
    wait_until(lambda: jobs.place.records.all() == [])


def test_one_node_is_killed_and_all_six_runs_finish(cluster, jobs, tmp_path):
    runs = [jobs.submit(SLOW.changed(seed=seed)) for seed in range(6)]
    victim = next(node for node in cluster.list_all_nodes() if node is not cluster.head_node)

    def on_victim():
        return [run for run in runs if run.holder and victim.node_id.startswith(run.holder["node"].rsplit("-", 1)[1])]

    wait_until(lambda: any(len(run.epochs) > 2 for run in on_victim()), 180)
    lost = next(run for run in on_victim() if len(run.epochs) > 2)
    cluster.remove_node(victim, allow_graceful=False)
    wait_for_all(runs, "finished")
    assert lost.started.from_epoch > 0
    whole, _ = train(RunStore(tmp_path), lost.config)  # without any loss
    for name, weights in weights_of(whole).items():
        np.testing.assert_array_equal(weights, weights_of(lost)[name])


def test_the_head_node_is_killed_and_the_run_goes_on_when_it_is_back(cluster, jobs, store, training):
    """The last of this file: it kills the cluster."""
    run = training
    for node in cluster.list_all_nodes():
        for info in node.all_processes.values():
            for process in info:
                os.kill(process.process.pid, signal.SIGKILL)
    wait_until(lambda: run.state == "interrupted", 120)
    epochs = len(run.epochs)
    assert run.resume_point is not None
    end_bridge(store)
    with nodes(1):
        wait_until(lambda: run.state == "running" and len(run.epochs) > epochs, 120)
        assert run.started.from_epoch > 0
        jobs.stop(run.id)
        wait_until(lambda: run.state == "stopped")
        end_bridge(store)
