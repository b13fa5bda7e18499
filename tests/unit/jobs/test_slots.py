"""Each GPU is a slot of its own. The GPUs are stand-ins: what the driver says of them is made up."""

import json

import pytest

from core.devices import computing
from core.errors import DeviceError
from core.jobs import local_devices, slots
from core.jobs.cluster.records import runs_at_a_time
from core.jobs.scheduler import Scheduler
from core.jobs.worker_pool import WorkerPool
from core.process_settings import CPU_ONLY
from tests.small_run import wait_until
from tests.stand_in_gpus import installed
from tests.unit.jobs.stand_in import LONG, SHORT, STAND_IN


@pytest.fixture
def one_gpu():
    with installed(1) as patch:
        yield patch


@pytest.fixture
def jobs_on_gpus(two_gpus, jobs):
    return jobs


def names(device):
    return [slot.name for slot in slots.slots_for(device)]


def seen(store, run):
    lines = (store.home / "environments").read_text().splitlines()
    return next(each for each in map(json.loads, lines) if each["run"] == run.id)


def test_a_run_may_train_on_each_gpu_or_on_the_one_that_it_names(two_gpus):
    assert names("auto") == names("gpu") == ["gpu:0", "gpu:1"]
    assert names("gpu:1") == ["gpu:1"]
    assert names("cpu") == names("gpu:7") == ["cpu"]  # `send` refuses a GPU that does not exist


@pytest.mark.parametrize(
    ("present", "sentence"),
    [
        (0, "This machine has no GPU, so there is no gpu:2. Choose auto or cpu."),
        (2, "This machine has no gpu:2. It has gpu:0 and gpu:1. Choose one, auto, cpu or gpu."),
    ],
)
def test_a_gpu_that_does_not_exist_is_refused_before_a_run_is_made(store, present, sentence):
    with installed(present):
        jobs = Scheduler(store, spare=False, command=STAND_IN)
        with pytest.raises(DeviceError) as refused:
            jobs.submit(SHORT.changed(device="gpu:2"))
        jobs.close()
    assert refused.value.sentence == sentence
    assert [run for run in store.runs() if not run.shipped] == []


def test_a_run_of_another_machine_fails_with_what_is_there_and_how_to_change_its_device(jobs_on_gpus, store):
    run = store.create(SHORT.changed(device="gpu:7"), queued=True)  # as the process of a search queues it
    wait_until(lambda: run.state == "failed")
    assert run.ended.reason.startswith("This machine has no gpu:7. It has gpu:0 and gpu:1. Choose one")
    assert "Use these settings" in run.ended.reason


def test_a_run_whose_gpu_was_removed_is_not_resumed_and_keeps_its_state(store):
    with installed(2):
        jobs = Scheduler(store, spare=False, command=STAND_IN)
        run = jobs.submit(LONG.changed(device="gpu:1"))
        wait_until(lambda: len(run.epochs) > 1)
        jobs.stop(run.id)
        wait_until(lambda: run.state == "stopped")
        jobs.close()
    epochs = run.config.epochs
    jobs = Scheduler(store, spare=False, command=STAND_IN)
    for ask in (jobs.resume, jobs.step, lambda run_id: jobs.add_epochs(run_id, 3), lambda _: jobs.put_back(run)):
        with pytest.raises(DeviceError, match=r'no GPU, so there is no gpu:1.*"Use these settings"'):
            ask(run.id)
    jobs.close()
    assert (run.state, run.config.epochs) == ("stopped", epochs)


@pytest.mark.parametrize("text", ["0", "17", "two", "-1", ""])
def test_a_number_of_runs_that_is_none_is_refused(two_gpus, text):
    two_gpus.setenv("DIGIT_LAB_RUNS_PER_GPU", text)
    with pytest.raises(DeviceError, match="whole number from 1 to 16"):
        slots.runs_per_gpu()


def test_two_gpus_train_two_runs_and_the_processor_a_third_one(jobs_on_gpus, store):
    jobs = jobs_on_gpus
    first, second = jobs.submit(LONG), jobs.submit(LONG.changed(seed=2))
    beside = jobs.submit(LONG.changed(device="cpu"))
    third = jobs.submit(LONG.changed(seed=3))
    wait_until(lambda: all(run.state == "running" for run in (first, second, beside)))
    assert third.state == "waiting"
    assert {run.started.device for run in (first, second)} == {
        "Stand-in A (80 GiB), gpu:0", "Stand-in B (80 GiB), gpu:1",
    }  # fmt: skip
    assert {seen(store, run)["CUDA_VISIBLE_DEVICES"] for run in (first, second)} == {"GPU-0000-0", "GPU-0000-1"}
    assert seen(store, beside)["CUDA_VISIBLE_DEVICES"] == CPU_ONLY["CUDA_VISIBLE_DEVICES"]
    jobs.stop(first.id)
    wait_until(lambda: third.state == "running")
    assert third.started.device == first.started.device


def test_a_run_waits_for_the_gpu_that_it_names_and_others_pass_it(jobs_on_gpus, store):
    jobs = jobs_on_gpus
    first = jobs.submit(LONG.changed(device="gpu:1"))
    behind = jobs.submit(SHORT.changed(device="gpu:1", seed=2))
    passes = jobs.submit(LONG.changed(seed=3))
    wait_until(lambda: first.state == passes.state == "running")
    assert behind.state == "waiting"
    assert passes.started.device.endswith("gpu:0")
    jobs.stop(first.id)
    wait_until(lambda: behind.state == "finished")
    assert behind.started.device.endswith("gpu:1")


def test_the_meter_shows_the_gpu_that_the_run_holds(jobs_on_gpus, store):
    jobs = jobs_on_gpus
    first, second = jobs.submit(LONG.changed(device="gpu:1")), jobs.submit(LONG.changed(device="cpu"))
    wait_until(lambda: first.state == second.state == "running")
    assert jobs.place.slot_of(first) == "gpu:1"
    assert jobs.place.usage(first) == computing.Usage("Stand-in B (80 GiB)", 0.2, 2 * 2**30, 80 * 2**30)
    assert jobs.place.usage(second).name == computing.cpu_name()
    assert [(device.name, device.runs) for device in WorkerPool(store, spare=False).devices()] == [
        ("Stand-in A (80 GiB), gpu:0", ()),
        ("Stand-in B (80 GiB), gpu:1", (first.id,)),
        (computing.cpu_name(), (second.id,)),
    ]


def test_runs_share_a_gpu_and_its_memory_where_that_is_allowed(store, one_gpu):
    one_gpu.setenv("DIGIT_LAB_RUNS_PER_GPU", "3")
    assert runs_at_a_time(store.home, "auto") == 3
    jobs = Scheduler(store, spare=False, command=STAND_IN)
    runs = [jobs.submit(LONG.changed(seed=seed)) for seed in range(4)]
    wait_until(lambda: all(run.state == "running" for run in runs[:3]))
    assert runs[3].state == "waiting"
    environment = seen(store, runs[0])
    assert environment["XLA_PYTHON_CLIENT_MEM_FRACTION"] == environment["DIGIT_LAB_GPU_MEMORY"] == "0.3000"
    assert "CUDA_VISIBLE_DEVICES" not in environment  # there is only one
    for run in runs:
        jobs.stop(run.id)
    wait_until(lambda: not store.active())
    jobs.close()


def test_a_process_with_one_gpu_takes_the_lock_of_that_one(store, two_gpus):
    (slot,) = slots.slots_for("gpu:1")
    held = slots.lock(store, slot)
    assert held.acquire({"run": "a"})
    for name, value in slots.environment(slot).items():
        two_gpus.setenv(name, value)
    assert names("auto") == ["gpu:0"]  # the only one that it sees
    assert names("gpu:1") == ["gpu:0"]
    assert local_devices.runs_in(store, slots.slots_for("gpu:1")[0]) == ("a",)
    assert slots.environment(slots.slots_for("gpu:1")[0])["DIGIT_LAB_GPU"] == "gpu:1"
    held.release()


def test_the_command_line_takes_a_free_gpu_for_itself(store, two_gpus):
    import os

    two_gpus.setattr(computing, "has_usable_gpu", lambda: True)
    first, second = store.create(SHORT), store.create(SHORT)

    def refuse(run_id):
        raise AssertionError(f"it waits for {run_id}")

    with slots.hold(store, [first], refuse, lambda: False):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-0000-0"
        two_gpus.delenv("CUDA_VISIBLE_DEVICES")  # another process
        two_gpus.delenv("DIGIT_LAB_GPU")
        with slots.hold(store, [second], refuse, lambda: False):
            assert os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-0000-1"
            assert os.environ["DIGIT_LAB_GPU"] == "gpu:1"


def test_a_search_fills_all_gpus(store, two_gpus):
    assert [runs_at_a_time(store.home, device) for device in ("auto", "gpu:1", "cpu")] == [2, 1, 1]


def test_a_paused_run_gives_way_only_to_those_who_need_its_gpu(jobs_on_gpus, store):
    jobs = jobs_on_gpus
    first, second = (
        jobs.submit(LONG.changed(device=f"gpu:{n}"), starter=name) for n, name in enumerate(("ada", "bob"))
    )
    wait_until(lambda: first.state == second.state == "running")
    jobs.submit(SHORT.changed(device="gpu:1"), starter="eve")
    assert not jobs.is_blocking_others(first)
    assert jobs.is_blocking_others(second)
