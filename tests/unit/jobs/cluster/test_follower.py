"""Runs that are deleted while they are on the cluster, and actors with another program."""

import pytest

from core.jobs.cluster.records import LOST, Record
from tests.small_run import wait_until
from tests.unit.jobs.cluster.running_bridge import RunningBridge
from tests.unit.jobs.stand_in import LONG, SHORT

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture
def left_alone(jobs, running):
    """A run that trains on a node, and nobody follows it: its bridge was killed."""
    run = jobs.submit(LONG)
    wait_until(lambda: len(run.epochs) > 1)
    running.kill()
    wait_until(lambda: run.state == "interrupted")
    return run


def test_a_run_that_was_deleted_while_no_bridge_lived_gives_its_device_back(jobs, store, cluster, left_alone):
    store.delete(left_alone.id)
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


def test_a_run_whose_actor_has_an_earlier_program_continues_in_another_actor(store, cluster, left_alone):
    (name,) = cluster.runs
    cluster.runs[name][1].attach = lambda names: True  # it took no id of a run
    again = RunningBridge(store, cluster)
    wait_until(lambda: left_alone.state == "running" and len(cluster.started) == 2)
    assert left_alone.started.from_epoch > 1
    again.kill()
