"""The bridge between the dashboard and a cluster, with a stand-in for the cluster."""

import time

import pytest

from core.jobs.cluster import remote_run
from core.runs.control import ControlRequests
from tests.small_run import wait_until
from tests.unit.jobs.cluster.running_bridge import RunningBridge
from tests.unit.jobs.stand_in import LONG, SHORT


def test_two_runs_train_on_two_nodes_and_the_third_waits(jobs, store):
    first, second, third = (jobs.submit(LONG) for _ in range(3))
    wait_until(lambda: first.state == second.state == "running")
    assert {run.holder["node"] for run in (first, second)} == {"lab-1", "lab-2"}
    assert third.state == "waiting"
    wait_until(lambda: sum(len(device.runs) for device in jobs.place.devices()) == 2)
    assert jobs.place.free() == {"cpu": 0, "gpu": 0}
    assert jobs.place.usage(first).memory_total > 0
    jobs.stop(first.id)
    wait_until(lambda: third.state == "running")
    assert first.state == "stopped"


def test_a_run_comes_back_whole_with_its_last_event_last(jobs, store):
    run = jobs.submit(SHORT)
    wait_until(lambda: run.state == "finished")
    wait_until(lambda: jobs.place.records.all() == [])
    assert len(run.epochs) == 2
    assert run.state_path.read_bytes() == b"kept"
    assert store.get(run.id).data_fingerprint
    assert not list(run.folder.glob(".*"))


def test_requests_reach_the_node_and_points_come_back_within_half_a_second(jobs):
    run = jobs.submit(LONG)
    wait_until(lambda: len(run.epochs) > 1)
    asked = time.monotonic()
    jobs.pause(run.id)
    wait_until(lambda: run.state == "paused")
    assert time.monotonic() - asked < 1.0  # 0.5 s each way, and both ways are in it
    epochs = len(run.epochs)
    jobs.step(run.id)
    wait_until(lambda: len(run.epochs) == epochs + 1 and run.state == "paused")
    jobs.resume(run.id)
    wait_until(lambda: len(run.epochs) > epochs + 3)


def test_a_run_whose_node_is_lost_goes_on_from_its_last_epoch_once(jobs, store, cluster):
    run = jobs.submit(LONG)
    wait_until(lambda: len(run.epochs) > 2)
    cluster.lose([node.name for node in cluster.alive].index(run.holder["node"]))
    wait_until(lambda: run.started.from_epoch > 0 and run.state == "running")
    epochs = run.started.from_epoch
    wait_until(lambda: len(run.epochs) > epochs + 1)
    assert [each.epoch for each in run.epochs] == list(range(1, len(run.epochs) + 1))
    cluster.lose(0)
    wait_until(lambda: run.state == "interrupted")
    time.sleep(0.5)
    assert run.state == "interrupted"  # not for ever
    wait_until(lambda: jobs.place.records.all() == [])


def test_without_the_head_node_a_lost_run_is_interrupted_until_it_is_back(jobs, cluster):
    run = jobs.submit(LONG)
    wait_until(lambda: len(run.epochs) > 1)
    cluster.answers = False
    time.sleep(0.2)
    for name in list(cluster.runs):
        cluster.kill(name)
    wait_until(lambda: run.state == "interrupted")
    time.sleep(0.5)
    assert run.state == "interrupted"
    cluster.answers = True
    wait_until(lambda: run.state == "running")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_another_bridge_finds_the_runs_again(jobs, store, cluster, running):
    run = jobs.submit(LONG)
    wait_until(lambda: len(run.epochs) > 1)
    node = next(iter(cluster.runs))
    running.kill()
    wait_until(lambda: run.state == "interrupted")
    epochs, written = len(run.epochs), run.events_path.stat().st_size
    again = RunningBridge(store, cluster)
    wait_until(lambda: run.state == "running" and len(run.epochs) > epochs + 2)
    assert list(cluster.runs) == [node]
    assert run.started.from_epoch == 0  # it never stopped
    assert run.events_path.stat().st_size > written
    assert [each.epoch for each in run.epochs] == list(range(1, len(run.epochs) + 1))
    jobs.stop(run.id)
    wait_until(lambda: run.state == "stopped")
    again.close()


def test_a_cancelled_run_is_not_started(jobs, cluster):
    blocking = [jobs.submit(LONG) for _ in range(2)]
    wait_until(lambda: all(run.state == "running" for run in blocking))
    waiting = jobs.submit(LONG)
    jobs.stop(waiting.id)
    assert len(cluster.runs) == 2
    jobs.place.kill(blocking[0])
    wait_until(lambda: blocking[0].state == "interrupted")
    wait_until(lambda: len(cluster.runs) == 1)


def test_a_node_with_other_images_refuses_the_run(jobs, monkeypatch):
    monkeypatch.setattr(remote_run.node_data, "refusal", lambda expected: "lab-1 has other images.")
    run = jobs.submit(SHORT)
    wait_until(lambda: run.state == "failed")
    assert run.ended.reason == "lab-1 has other images."


def test_a_cluster_without_token_is_a_warning_in_the_terminal_and_runs_train(jobs, cluster, running, capsys):
    assert jobs.place.warning() == ""
    cluster.has_no_token = True
    running.bridge._is_open = None
    run = jobs.submit(SHORT)
    wait_until(lambda: run.state == "finished" and jobs.place.warning())
    wait_until(lambda: "has no token: everybody" in capsys.readouterr().err)


def test_a_stop_request_survives_the_loss_of_the_node(jobs, cluster):
    run = jobs.submit(LONG)
    wait_until(lambda: len(run.epochs) > 1)
    ControlRequests(run).stop()
    cluster.lose([node.name for node in cluster.alive].index(run.holder["node"]))
    wait_until(lambda: run.state in ("interrupted", "stopped"))
    time.sleep(0.3)
    assert run.state in ("interrupted", "stopped")
