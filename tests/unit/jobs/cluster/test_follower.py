"""Runs that are deleted while they are on the cluster, and actors with another program."""

import pytest

from core.jobs.cluster.records import LOST, Record
from tests.small_run import wait_until
from tests.unit.jobs.cluster.running_bridge import RunningBridge
from tests.unit.jobs.stand_in import LONG, SHORT


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_run_that_was_deleted_while_no_bridge_lived_gives_its_device_back(jobs, store, cluster, running):
    run = jobs.submit(LONG)
    wait_until(lambda: len(run.epochs) > 1)
    running.kill()
    wait_until(lambda: run.state == "interrupted")
    store.delete(run.id)
    again = RunningBridge(store, cluster)
    wait_until(lambda: not cluster.runs and jobs.place.records.all() == [])
    again.close()


def test_a_lost_run_that_was_deleted_does_not_end_the_bridge(jobs, store, running):
    gone = store.create(SHORT)
    jobs.place.records.write(Record(gone.id, LOST, "cpu", "actor", 1))
    store.delete(gone.id)
    wait_until(lambda: jobs.place.records.all() == [])
    run = jobs.submit(SHORT)
    wait_until(lambda: run.state == "finished")
    assert running.thread.is_alive()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_run_whose_actor_has_an_earlier_program_continues_in_another_actor(jobs, store, cluster, running):
    run = jobs.submit(LONG)
    wait_until(lambda: len(run.epochs) > 1)
    running.kill()
    wait_until(lambda: run.state == "interrupted")
    (name,) = cluster.runs
    cluster.runs[name][1].attach = lambda names: True  # it took no id of a run
    again = RunningBridge(store, cluster)
    wait_until(lambda: run.state == "running" and len(cluster.started) == 2)
    assert run.started.from_epoch > 1
    again.kill()
