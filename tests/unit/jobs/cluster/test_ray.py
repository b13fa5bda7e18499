"""Runs on a real Ray cluster of two nodes on this machine. Without Ray these tests are skipped."""

import importlib.util
import os
import signal
import time

import numpy as np
import pytest

from core.jobs.cluster.place import ClusterPlace, choose
from core.jobs.scheduler import Scheduler
from core.runs.store import RunStore
from tests.ray_cluster import end_bridge, nodes, wait_for_bridge
from tests.small_run import SMALL, train, wait_until, weights_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install -r requirements-ray.txt"
    ),
    # Ray leaves sockets and processes to the interpreter's end, and uses what will be removed from Python.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
LONG = SMALL.changed(epochs=400)


@pytest.fixture(scope="module")
def cluster():
    with nodes() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return RunStore(tmp_path_factory.mktemp("cluster"))


@pytest.fixture(scope="module")
def jobs(cluster, store):
    place = choose(store)
    assert isinstance(place, ClusterPlace)
    jobs = Scheduler(store, place)
    wait_for_bridge(place)
    yield jobs
    for run in store.active():
        jobs.stop(run.id)
    wait_until(lambda: not store.active())
    jobs.close()
    end_bridge(store)


def wait_for_all(runs, state, seconds=300.0):
    """Waits until all runs are in this state. A busy machine takes half a minute to import TensorFlow."""
    try:
        wait_until(lambda: all(run.state == state for run in runs), seconds)
    except AssertionError:
        pytest.fail(f"{[(run.state, run.holder, run.step) for run in runs]}")


def node_of(run) -> str:
    return run.started.device.rpartition(" on ")[2]


def test_a_sweep_of_six_runs_spreads_over_both_nodes_and_equals_local_runs(jobs, tmp_path):
    runs = [jobs.submit(SMALL.changed(seed=seed)) for seed in range(6)]
    here, _ = train(RunStore(tmp_path), runs[0].config)
    wait_for_all(runs, "finished")
    assert len({node_of(run) for run in runs}) == 2
    wait_until(lambda: jobs.place.records.all() == [])
    assert all(run.has_model and len(run.checkpoint_epochs) == SMALL.epochs for run in runs)
    assert not any(list(run.folder.glob(".*")) for run in runs)
    for name, weights in weights_of(here).items():
        np.testing.assert_array_equal(weights, weights_of(runs[0])[name])
    assert [epoch.loss for epoch in runs[0].epochs] == [epoch.loss for epoch in here.epochs]


def test_points_come_back_and_requests_reach_the_node_in_time(jobs):
    run = jobs.submit(LONG)
    wait_until(lambda: len(run.epochs) > 1)
    ages = []
    for _ in range(10):
        step = run.step
        wait_until(lambda: run.step > step)  # noqa: B023
        ages.append(time.time())
    assert np.median(np.diff(ages)) < 0.5
    jobs.pause(run.id)
    asked = time.monotonic()
    wait_until(lambda: run.state == "paused")
    assert time.monotonic() - asked < 2.0  # 0.5 s each way; the rest is for a busy machine
    jobs.set_learning_rate(run.id, 0.0005)
    jobs.resume(run.id)
    wait_until(lambda: run.rates)
    jobs.stop(run.id)
    wait_until(lambda: run.state == "stopped")
    assert run.has_model


def test_a_waiting_run_is_cancelled_and_a_training_one_is_killed(jobs, store):
    training = [jobs.submit(LONG) for _ in range(2)]
    waiting = jobs.submit(LONG)
    wait_for_all(training, "running")
    jobs.stop(waiting.id)
    assert waiting.id not in {run.id for run in store.runs()}
    for run in training:
        jobs.place.kill(run)
    wait_for_all(training, "interrupted")
    wait_until(lambda: jobs.place.records.all() == [])


def test_a_run_goes_on_without_dashboard_and_bridge_and_both_find_it_again(jobs, store):
    run = jobs.submit(LONG)
    wait_until(lambda: len(run.epochs) > 1)
    jobs.close()
    end_bridge(store)
    assert run.state == "interrupted"
    epochs = len(run.epochs)
    time.sleep(1.0)
    again = Scheduler(store, choose(store))
    wait_until(lambda: run.state == "running" and len(run.epochs) > epochs + 2)
    assert run.started.from_epoch == 0  # it never stopped
    assert [epoch.epoch for epoch in run.epochs] == list(range(1, len(run.epochs) + 1))
    again.stop(run.id)
    wait_until(lambda: run.state == "stopped")
    again.close()


def test_one_node_is_killed_and_all_six_runs_finish(cluster, store, tmp_path):
    jobs = Scheduler(store, choose(store))
    wait_for_bridge(jobs.place)
    config = SMALL.changed(epochs=30)
    runs = [jobs.submit(config.changed(seed=seed)) for seed in range(6)]
    victim = next(node for node in cluster.list_all_nodes() if node is not cluster.head_node)

    def on_victim():
        return [run for run in runs if run.holder and victim.node_id.startswith(run.holder["node"].rsplit("-", 1)[1])]

    wait_until(lambda: any(len(run.epochs) > 2 for run in on_victim()), 120)
    lost = next(run for run in on_victim() if len(run.epochs) > 2)
    cluster.remove_node(victim, allow_graceful=False)
    wait_for_all(runs, "finished")
    assert lost.started.from_epoch > 0
    whole, _ = train(RunStore(tmp_path), lost.config)  # without any loss
    for name, weights in weights_of(whole).items():
        np.testing.assert_array_equal(weights, weights_of(lost)[name])
    jobs.close()


def test_the_head_node_is_killed_and_the_run_goes_on_when_it_is_back(store):
    """The last of this file: its cluster replaces the one before."""
    end_bridge(store)
    with nodes() as first:
        jobs = Scheduler(store, choose(store))
        wait_for_bridge(jobs.place)
        run = jobs.submit(LONG)
        wait_until(lambda: len(run.epochs) > 1)
        for node in first.list_all_nodes():
            for info in node.all_processes.values():
                for process in info:
                    os.kill(process.process.pid, signal.SIGKILL)
        wait_until(lambda: run.state == "interrupted", 120)
    epochs = len(run.epochs)
    assert run.resume_point is not None
    end_bridge(store)
    with nodes():
        wait_until(lambda: run.state == "running" and len(run.epochs) > epochs, 120)
        assert run.started.from_epoch > 0
        jobs.stop(run.id)
        wait_until(lambda: run.state == "stopped")
        jobs.close()
        end_bridge(store)
