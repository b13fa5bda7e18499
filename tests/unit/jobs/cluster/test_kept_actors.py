"""Seeds of one config on a cluster: an actor trains one after another where more of them wait than devices are free."""

import tempfile
import time
from pathlib import Path

import pytest

from core.classroom.visitors import Visitor
from core.config.run_config import RunConfig
from core.jobs import repeat
from core.jobs.cluster import remote_run
from core.jobs.scheduler import Scheduler
from tests.small_run import wait_until
from tests.unit.jobs.cluster.running_bridge import RunningBridge
from tests.unit.jobs.stand_in import LONG, SHORT

ME = Visitor("a" * 12, "10.0.0.1")
MIDDLE = SHORT.changed(epochs=20)


def start(jobs: Scheduler, config: RunConfig = SHORT, seeds: int = 5):
    return repeat.start(jobs, config, seeds, visitor=ME, seconds=1.0)


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Where the nodes keep their files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return lambda: list(Path(tmp_path).glob(f"{remote_run._PREFIX}*"))


def test_two_actors_train_five_seeds_and_end(jobs, cluster, folders):
    runs = start(jobs)
    wait_until(lambda: all(run.state == "finished" for run in runs))
    assert [len(run.epochs) for run in runs] == [2] * 5
    assert all(run.state_path.read_bytes() == b"kept" for run in runs)
    assert len(cluster.started) == 2
    wait_until(lambda: not cluster.runs)
    assert not folders()


def test_runs_that_differ_in_more_than_the_seed_get_an_actor_each(jobs, cluster):
    runs = [jobs.submit(SHORT.changed(seed=seed)) for seed in range(2)]  # no sweep
    runs += start(jobs, SHORT.changed(units=16), seeds=2)
    wait_until(lambda: all(run.state == "finished" for run in runs))
    assert len(cluster.started) == 4


def test_another_run_gets_the_device_of_an_actor_that_waits(jobs, cluster, running, monkeypatch):
    monkeypatch.setattr("core.jobs.cluster.kept_actors.KeptActors.end_idle", lambda *_: None)  # it would wait for ever
    seeds = start(jobs, MIDDLE, seeds=3)
    wait_until(lambda: all(run.state == "running" for run in seeds[:2]))
    monkeypatch.setattr(jobs.place, "send", lambda *_: None)  # the queue is slow
    wait_until(lambda: running.bridge.kept.count("cpu") == 2)
    jobs.stop(seeds[2].id)
    monkeypatch.undo()
    others = [jobs.submit(LONG) for _ in range(2)]
    wait_until(lambda: all(run.state == "running" for run in others))
    assert len(cluster.started) == 4


def test_an_actor_whose_next_seed_was_cancelled_ends(jobs, cluster, folders):
    seeds = start(jobs, MIDDLE, seeds=3)
    wait_until(lambda: all(run.state == "running" for run in seeds[:2]))
    jobs.stop(seeds[2].id)
    wait_until(lambda: all(run.state == "finished" for run in seeds[:2]))
    wait_until(lambda: not cluster.runs)
    assert not folders()


def test_a_seed_whose_actor_was_lost_while_it_waited_trains_in_another(jobs, cluster, running):
    seeds = start(jobs, MIDDLE, seeds=3)
    wait_until(lambda: all(run.state == "running" for run in seeds[:2]))
    jobs.place.send, send = (lambda *_: None), jobs.place.send
    wait_until(lambda: running.bridge.kept.count("cpu") == 2)
    for name in list(cluster.runs):
        cluster.kill(name)
    jobs.place.send = send
    wait_until(lambda: seeds[2].state == "finished")
    assert len(cluster.started) == 3
    assert jobs.place.records.all() == []  # the loss is not counted


def test_stop_ends_one_seed_and_the_next_trains_in_the_same_actor(jobs, cluster):
    seeds = start(jobs, LONG, seeds=3)
    wait_until(lambda: all(len(run.epochs) > 1 for run in seeds[:2]))
    jobs.stop(seeds[0].id)
    wait_until(lambda: len(seeds[2].epochs) > 1)
    assert seeds[0].state == "stopped"
    assert len(cluster.started) == 2
    jobs.pause(seeds[2].id)
    wait_until(lambda: seeds[2].state == "paused")
    assert seeds[1].state == "running"


def test_a_killed_seed_does_not_end_the_others(jobs, cluster):
    seeds = start(jobs, LONG, seeds=3)
    wait_until(lambda: all(len(run.epochs) > 1 for run in seeds[:2]))
    jobs.place.kill(seeds[0])
    wait_until(lambda: seeds[0].state == "interrupted" and len(seeds[2].epochs) > 1)
    assert seeds[1].state == "running"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_another_bridge_finds_the_second_seed_of_an_actor_again(jobs, store, cluster, running):
    seeds = start(jobs, LONG, seeds=3)
    wait_until(lambda: all(len(run.epochs) > 1 for run in seeds[:2]))
    jobs.stop(seeds[0].id)
    wait_until(lambda: len(seeds[2].epochs) > 1)
    running.kill()
    wait_until(lambda: seeds[2].state == "interrupted")
    epochs = len(seeds[2].epochs)
    again = RunningBridge(store, cluster)
    wait_until(lambda: seeds[2].state == "running" and len(seeds[2].epochs) > epochs + 2)
    assert [each.epoch for each in seeds[2].epochs] == list(range(1, len(seeds[2].epochs) + 1))
    assert len(cluster.started) == 2
    again.close()


def test_a_run_whose_folder_is_gone_gives_its_device_back(jobs, store, cluster):
    blocking = [jobs.submit(LONG) for _ in range(2)]
    wait_until(lambda: all(run.state == "running" for run in blocking))
    gone = store.create(SHORT)
    jobs.place.send(gone, "cpu")
    store.delete(gone.id)
    wait_until(lambda: not jobs.place.has(gone.id))
    time.sleep(0.3)
    assert all(run.state == "running" for run in blocking)
