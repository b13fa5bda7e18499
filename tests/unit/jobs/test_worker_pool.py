"""Workers: the spare one, and those that die or cannot be started."""

import json
import sys
import time

from core.config.run_config import RunConfig
from core.errors import RunError
from core.jobs import places, slots, spare_worker, worker_pool
from core.jobs.scheduler import Scheduler
from tests.small_run import wait_until
from tests.unit.jobs.stand_in import LONG, SHORT, STAND_IN


def test_what_is_likely_to_be_trained_is_warmed_up_once_it_stands_still(store, monkeypatch):
    monkeypatch.setattr(spare_worker, "DEBOUNCE_SECONDS", 0.3)
    jobs = Scheduler(store, command=STAND_IN)
    for units in (100, 101, 102):  # a slider on its way
        jobs.warm_up(RunConfig(units=units))
        time.sleep(0.05)
    warmed_up = store.home / "warmed_up"
    wait_until(warmed_up.exists)
    jobs.warm_up(RunConfig(units=102, epochs=9, patience=2))  # the same program
    time.sleep(0.5)
    jobs.warm_up(RunConfig(hidden_layers=3, units=2048))  # too large to lie in wait
    time.sleep(0.8)
    jobs.close()
    assert [json.loads(line)["units"] for line in warmed_up.read_text().splitlines()] == [102]


def test_a_spare_worker_that_dies_is_not_followed_by_others_until_somebody_wants_one(store):
    # Where Keras cannot be imported, or memory is short, each would take a core for seconds, for a quarter of an hour.
    start_count = store.home / "born"
    dies = (sys.executable, "-c", f"open({str(start_count)!r}, 'a').write('x')")
    workers = worker_pool.WorkerPool(store, spare=True, command=dies)
    for requests in (1, 2):
        workers.expect()
        workers.refresh()
        workers._spare.process.wait(10)
        for _ in range(3):
            workers.refresh()
        assert workers._spare.process is None
        assert start_count.read_text() == "x" * requests


def test_the_log_of_a_run_has_what_its_worker_printed_before_and_that_of_the_next_seed_says_where(store):
    # TensorFlow names devices and problems once, when it is imported: the worker does not know its run then.
    program = """
import sys
from pathlib import Path
from core.jobs import worker
print("TensorFlow starts", flush=True)
for line in sys.stdin:
    path, _, first = line.strip().partition(" ")
    worker._log_to(Path(path), first)
    print("epoch 1", flush=True)
"""
    workers = worker_pool.WorkerPool(store, spare=False, command=(sys.executable, "-c", program))
    (slot,) = slots.slots_for("cpu")
    worker, printed = workers._start(slot), store.home / "worker.log"
    wait_until(lambda: "starts" in printed.read_text())
    waiting = workers._start(slot)  # its file is a new one
    first, second = store.home / "first.log", store.home / "second.log"
    worker.communicate(f"{first}\n{second} 261129-120000-abcd\n".encode(), timeout=20)
    waiting.communicate(timeout=20)
    assert first.read_text() == "TensorFlow starts\nepoch 1\n"
    assert second.read_text() == (
        "This process trained the run 261129-120000-abcd first. "
        "The log of that run has the messages from its start.\nepoch 1\n"
    )


def test_a_run_that_is_given_up_on_a_full_disk_is_not_tried_for_ever(store, monkeypatch):
    def full(self, event):
        raise RunError("The disk is full.")

    run = store.create(SHORT, queued=True)
    monkeypatch.setattr(places.EventFile, "append", full)
    places.mark_failed(run, "It could not start.")
    assert run.state == "interrupted"


def test_a_run_whose_worker_dies_before_it_begins_is_not_tried_for_ever(jobs):
    run = jobs.submit(SHORT, name="dies")
    behind = jobs.submit(SHORT)
    wait_until(lambda: run.state == "failed")
    assert "worker.log" in run.ended.reason
    wait_until(lambda: behind.state == "finished")


def test_a_killed_worker_is_interrupted_and_the_next_run_begins(jobs, store):
    run = jobs.submit(LONG)
    wait_until(lambda: len(run.epochs) > 1)
    behind = jobs.submit(SHORT)
    (worker,) = jobs.place._assigned.values()
    worker.process.kill()
    wait_until(lambda: run.state == "interrupted")
    wait_until(lambda: behind.state == "finished")
    jobs.resume(run.id)
    wait_until(lambda: run.state == "running")


def test_a_worker_that_cannot_be_started_is_told_and_printed_once(store, monkeypatch, capsys):
    def no_process(*_: object, **__: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(worker_pool.subprocess, "Popen", no_process)
    monkeypatch.setattr(worker_pool, "RETRY_SECONDS", 0.2)
    jobs = Scheduler(store, spare=True, command=STAND_IN)
    run = jobs.submit(SHORT)
    wait_until(lambda: run.state == "failed")
    jobs.close()
    assert run.ended is not None
    assert "Resource temporarily unavailable" in run.ended.reason
    assert capsys.readouterr().err.count("Traceback") == 0


def test_a_run_can_be_killed_whoever_started_its_worker(jobs, store):
    run = jobs.submit(LONG)
    wait_until(lambda: len(run.epochs) > 1)
    other_server = worker_pool.WorkerPool(store, spare=False, command=STAND_IN)
    assert [device.runs for device in other_server.devices() if device.kind == "cpu"] == [(run.id,)]
    assert other_server.free()["cpu"] == 0
    other_server.kill(run)
    wait_until(lambda: run.state == "interrupted")
    wait_until(lambda: other_server.free()["cpu"] == 1)
