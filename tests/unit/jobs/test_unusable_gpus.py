"""GPUs that Keras cannot use: the driver shows two stand-ins, and the backend has no libraries for them."""

import sys

import pytest

from core.devices import computing
from core.errors import DeviceError
from core.jobs import local_devices, slots
from core.jobs.cluster.records import runs_at_a_time
from core.jobs.worker_pool import WorkerPool
from core.subprocess_task import child_environment
from tests.small_run import wait_until
from tests.unit.jobs.stand_in import LONG, SHORT, STAND_IN


@pytest.fixture
def unusable(two_gpus):
    two_gpus.setenv("STAND_IN_UNUSABLE", "GPU-0000-0,GPU-0000-1")


def test_they_are_learned_from_the_first_process_that_asks_keras(two_gpus, store):
    leaves = (sys.executable, "-c", f"raise SystemExit({slots.NO_USABLE_GPU})")
    workers, run = WorkerPool(store, spare=False, command=leaves), store.create(SHORT, queued=True)
    for expected in (("gpu:0", "gpu:1"), ("gpu:1",)):  # they are of two kinds
        assert workers.slots(run.config) == expected
        workers.send(run, expected[0])
        workers._assigned[run.id].process.wait(10)
        workers.refresh()
        assert not workers.has(run.id)
    assert run.state == "waiting"  # it is no failure of the run
    assert workers.slots(run.config) == ("cpu",)
    assert set(workers.free()) == {"cpu"}


@pytest.mark.slow
def test_they_train_one_run_at_a_time_on_the_processor_in_the_order_of_the_queue(unusable, jobs, store):
    first, second = jobs.submit(LONG), jobs.submit(LONG.changed(seed=2))
    wait_until(lambda: first.state == "running")
    beside = jobs.submit(SHORT.changed(device="cpu"))
    wait_until(lambda: not jobs.place._assigned.keys() - {first.id})
    assert [run.state for run in (first, second, beside)] == ["running", "waiting", "waiting"]
    assert first.started.device == "CPU"
    assert jobs.place.slot_of(first) == "cpu"
    assert [device.slot for device in jobs.place.devices()] == ["cpu"]
    jobs.stop(first.id)
    wait_until(lambda: second.state == "running")
    assert not store.get(second.id).ended


def test_they_are_named_to_whoever_asks_for_them(two_gpus, jobs):
    assert jobs.place.warning() == ""
    for name in ("gpu:0", "gpu:1"):
        slots.mark_unusable(name)
    for device in ("gpu", "gpu:1"):
        with pytest.raises(DeviceError, match=r"Keras cannot use .*gpu:1.*install GPU support"):
            jobs.submit(SHORT.changed(device=device))
    assert jobs.place.warning().startswith("Keras cannot use gpu:0 and gpu:1 of this machine")


@pytest.mark.slow
def test_they_leave_the_others_in_use_with_their_numbers(two_gpus, jobs):
    two_gpus.setenv("STAND_IN_UNUSABLE", "GPU-0000-0")
    first, second = jobs.submit(LONG), jobs.submit(LONG.changed(seed=2))
    wait_until(lambda: slots.unusable() == ["gpu:0"])
    wait_until(lambda: "running" in (first.state, second.state))
    assert [slot.name for slot in slots.slots_for("auto")] == ["gpu:1"]
    assert sorted(run.state for run in (first, second)) == ["running", "waiting"]


def test_they_let_a_search_propose_one_run_at_a_time(two_gpus, store):
    for name in ("gpu:0", "gpu:1"):
        slots.mark_unusable(name)
    assert runs_at_a_time(store.home, "auto") == 1
    assert "GPU-0000-1" in child_environment()["DIGIT_LAB_UNUSABLE_GPUS"]  # the process of a search knows it


@pytest.mark.slow
def test_they_send_the_spare_worker_to_the_processor(unusable, store):
    workers = WorkerPool(store, command=STAND_IN)
    workers.expect(SHORT)
    wait_until(lambda: workers.refresh() or workers._spare.slot == "cpu")
    assert workers._spare.process.poll() is None
    workers.close()


def test_they_let_the_command_line_wait_for_the_processor(two_gpus, store):
    two_gpus.setattr(computing, "has_usable_gpu", lambda: False)
    other, run = store.create(SHORT, name="other"), store.create(SHORT)
    cpu = slots.lock(store, slots.slots_for("cpu")[0])
    assert cpu.acquire({"run": other.id})
    waits_for = []

    def on_wait(run_id):
        waits_for.append(run_id)
        cpu.release()

    with slots.hold(store, [run], on_wait, lambda: False):
        assert waits_for == [other.id]
        (cpu_slot,) = slots.slots_for("auto")
        assert local_devices.runs_in(store, cpu_slot) == (run.id,)
