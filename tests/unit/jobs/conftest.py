"""What the tests of this folder share."""

import pytest

from core.jobs.scheduler import Scheduler
from core.runs.store import RunStore
from tests.small_run import wait_until
from tests.unit.jobs.stand_in import STAND_IN


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path)


@pytest.fixture
def jobs(store):
    jobs = Scheduler(store, spare=False, command=STAND_IN)
    yield jobs
    for run in store.active():
        jobs.stop(run.id)
    wait_until(lambda: not store.active())
    jobs.close()
