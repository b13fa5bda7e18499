"""Seeds of one config on a cluster: an actor trains one after another where more of them wait than devices are free."""

import threading
import time

import pytest

from core.classroom.visitors import Visitor
from core.config.run_config import RunConfig
from core.jobs import repeat
from core.jobs.cluster import follower, kept_actors
from core.jobs.scheduler import Scheduler
from core.network.forecast import Forecast
from core.runs.store import RunStore
from tests.small_run import wait_until
from tests.unit.jobs.cluster.running_bridge import RunningBridge
from tests.unit.jobs.stand_in import LONG, SHORT

ME = Visitor("a" * 12, "10.0.0.1")
MIDDLE = SHORT.changed(epochs=20)


def start(jobs: Scheduler, config: RunConfig = SHORT, seeds: int = 5):
    return repeat.start(jobs, config, seeds, visitor=ME, expected=Forecast(1.0, 0, 0))


@pytest.fixture
def send_all(jobs):
    """The queue sends only the first two seeds until a test calls this; actors wait for ever for the others."""
    send = jobs.place.send
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.jobs.cluster.kept_actors.KeptActors.end_idle", lambda *_: None)
        patch.setattr(jobs.place, "send", lambda run, slot: run.config.seed < SHORT.seed + 2 and send(run, slot))
        yield patch.undo


def test_two_actors_train_five_seeds_and_end(jobs, cluster, folders):
    runs = start(jobs)
    wait_until(lambda: all(run.state == "finished" for run in runs))
    assert [len(run.epochs) for run in runs] == [2] * 5
    assert all(run.state_path.read_bytes() == b"kept" for run in runs)
    assert len(cluster.started) == 2
    wait_until(lambda: not cluster.runs)
    assert not folders()


@pytest.mark.slow
def test_runs_that_differ_in_more_than_the_seed_get_an_actor_each(jobs, cluster):
    runs = [jobs.submit(SHORT.changed(seed=seed)) for seed in range(2)]  # no sweep
    runs += start(jobs, SHORT.changed(units=16), seeds=2)
    wait_until(lambda: all(run.state == "finished" for run in runs))
    assert len(cluster.started) == 4


def test_another_run_gets_the_device_of_an_actor_that_waits(jobs, cluster, running, send_all):
    start(jobs, seeds=3)
    wait_until(lambda: running.bridge.kept.count("cpu") == 2)
    others = [jobs.submit(LONG) for _ in range(2)]  # with a seed that is sent
    wait_until(lambda: all(run.state == "running" for run in others))
    assert len(cluster.started) == 4


@pytest.mark.slow
def test_an_actor_whose_next_seed_was_cancelled_ends(jobs, cluster, running, folders, send_all):
    seeds = start(jobs, seeds=3)
    wait_until(lambda: running.bridge.kept.count("cpu") == 2)
    jobs.stop(seeds[2].id)
    send_all()
    wait_until(lambda: not cluster.runs)
    assert not folders()


@pytest.mark.slow
@pytest.mark.parametrize("withdraw", [RunStore.delete, lambda store, run_id: store.get(run_id).queued_path.unlink()])
def test_an_actor_whose_next_seed_is_deleted_or_cancelled_when_it_is_sent_ends(
    jobs, store, cluster, running, folders, send_all, monkeypatch, withdraw
):
    seeds, find = start(jobs, seeds=3), running.bridge._find_run
    wait_until(lambda: running.bridge.kept.count("cpu") == 2)

    def find_and_withdraw(run_id):
        run = find(run_id)
        if run_id == seeds[2].id and run:
            withdraw(store, run_id)
        return run

    monkeypatch.setattr(running.bridge, "_find_run", find_and_withdraw)
    send_all()
    wait_until(lambda: not cluster.runs and not folders())
    assert len(cluster.started) == 2
    assert jobs.place.records.all() == []


@pytest.mark.slow
def test_another_bridge_ends_the_actors_that_wait_and_removes_their_files(
    jobs, store, cluster, running, folders, send_all
):
    start(jobs, seeds=3)
    wait_until(lambda: running.bridge.kept.count("cpu") == 2)
    running.kill()
    again = RunningBridge(store, cluster)
    wait_until(lambda: not cluster.runs and not folders())
    again.close()


@pytest.mark.slow
def test_a_seed_whose_actor_was_lost_while_it_waited_trains_in_another(jobs, cluster, running, send_all, capsys):
    seeds = start(jobs, seeds=3)
    wait_until(lambda: running.bridge.kept.count("cpu") == 2)
    for name in list(cluster.runs):
        cluster.kill(name)
    send_all()
    wait_until(lambda: seeds[2].state == "finished")
    assert len(cluster.started) == 3
    assert "was lost" not in capsys.readouterr().out  # nor is it counted


@pytest.mark.slow
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


@pytest.mark.slow
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
    again.kill()


def test_a_run_whose_folder_is_gone_gives_its_device_back(jobs, store, cluster):
    blocking = [jobs.submit(LONG) for _ in range(2)]
    wait_until(lambda: all(run.state == "running" for run in blocking))
    gone = store.create(SHORT)
    jobs.place.send(gone, "cpu")
    store.delete(gone.id)
    wait_until(lambda: not jobs.place.has(gone.id))
    time.sleep(0.3)
    assert all(run.state == "running" for run in blocking)


@pytest.mark.slow
def test_a_run_that_waits_for_a_device_gets_the_next_one_before_later_seeds(jobs, cluster, monkeypatch):
    monkeypatch.setattr(follower, "NO_DEVICE_SECONDS", 0.2)
    cluster.start("theirs", "cpu")  # another home uses the cluster, too
    seeds = start(jobs, MIDDLE, seeds=4)
    wait_until(lambda: all(run.state == "finished" for run in seeds))
    last = max(seeds, key=lambda run: run.started.time)
    assert last in seeds[2:]


@pytest.mark.slow
def test_another_home_gets_a_device_although_more_seeds_wait(jobs, cluster, monkeypatch):
    monkeypatch.setattr(kept_actors, "MAX_SECONDS", 0.2)
    seeds = start(jobs, MIDDLE)
    wait_until(lambda: all(run.state == "running" for run in seeds[:2]))
    threading.Thread(target=cluster.start, args=("theirs", "cpu")).start()
    wait_until(lambda: "theirs" in cluster.runs)
    assert seeds[-1].state == "waiting"
