"""On which of two GPUs the spare worker waits. The GPUs are stand-ins."""

import pytest

from core.jobs.worker_pool import WorkerPool
from tests.small_run import wait_until
from tests.unit.jobs.stand_in import LONG, SHORT, STAND_IN


@pytest.fixture
def workers(store, two_gpus):
    workers = WorkerPool(store, command=STAND_IN)
    yield workers
    workers.spare_allowed = False
    workers.close()
    wait_until(lambda: workers.refresh() or not workers._assigned)


def test_it_waits_where_the_next_run_will_train(workers, store):
    workers.expect(SHORT)
    workers.refresh()
    assert workers._spare.slot == "gpu:0"
    first = workers._spare.process
    run = store.create(LONG, queued=True)
    assert workers.slots(run.config) == ("gpu:0", "gpu:1")
    workers.send(run, "gpu:0")
    assert workers._assigned[run.id].process is first
    workers.refresh()
    assert workers._spare.slot == "gpu:1"
    assert workers.slots(run.config) == ("gpu:1", "gpu:0")  # there a run starts at once
    first.kill()
    first.wait(10)
    workers.refresh()
    assert workers._spare.slot == "gpu:1"


def test_it_moves_to_the_processor_when_somebody_wants_that(workers, two_gpus):
    workers.expect(SHORT)
    workers.refresh()
    workers.expect(SHORT.changed(device="cpu"))
    workers.refresh()
    assert workers._spare.slot == "gpu:0"  # not at each click
    two_gpus.setattr("core.jobs.spare_worker.MOVE_SECONDS", 0.0)
    workers.refresh()
    assert workers._spare.slot == "cpu"


def test_it_is_not_given_a_run_for_another_gpu(workers, store):
    workers.expect(SHORT)
    workers.refresh()
    run = store.create(SHORT.changed(device="gpu:1"), queued=True)
    workers.send(run, "gpu:1")
    assert workers._spare.process.poll() is None
    wait_until(lambda: run.state == "finished")
    assert run.started.device.endswith("gpu:1")
