"""What the tests of this folder share."""

import pytest

from core.jobs.scheduler import Scheduler
from tests.small_run import wait_until
from tests.stand_in_gpus import installed
from tests.unit.jobs.stand_in import STAND_IN


@pytest.fixture
def embedded_data(monkeypatch, embedded):
    """Runs of this process train on the embedded images."""
    monkeypatch.setattr("core.data.mnist.load", lambda: embedded)


@pytest.fixture
def jobs(store):
    jobs = Scheduler(store, spare=False, command=STAND_IN)
    yield jobs
    for run in store.active():
        jobs.stop(run.id)
    wait_until(lambda: not store.active())
    jobs.close()


@pytest.fixture
def two_gpus():
    with installed(2) as patch:
        yield patch
