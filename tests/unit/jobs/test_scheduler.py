"""The queue: whose turn it is, one run on each device, and nothing is lost when the dashboard dies."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from core.config.run_config import RunConfig
from core.errors import ConfigError, RunError
from core.jobs import queue, worker_pool
from core.jobs.scheduler import Scheduler, fair_order
from core.network import forecast
from core.runs.store import RunStore
from tests.small_run import wait_until

ROOT = Path(__file__).parents[3]
STAND_IN = (sys.executable, "-m", "tests.unit.jobs.stand_in_worker")
SHORT, LONG = RunConfig(epochs=2), RunConfig(epochs=500)


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path)


@pytest.fixture
def jobs(store):
    jobs = Scheduler(store, spare=False, worker=STAND_IN)
    yield jobs
    for run in store.active():
        jobs.stop(run.id)
    wait_until(lambda: not store.active())
    jobs.close()


def test_a_submitted_run_trains_to_its_end(jobs):
    run = jobs.submit(SHORT, name="mine")
    wait_until(lambda: run.state == "finished")
    assert len(run.epochs) == 2
    assert jobs.queue() == jobs.running() == []


def test_one_run_a_device_and_the_rest_wait(jobs):
    first = jobs.submit(LONG)
    wait_until(lambda: first.state == "running")
    second = jobs.submit(SHORT)
    time.sleep(0.6)
    assert second.state == "waiting"
    assert [run.id for run in jobs.queue()] == [second.id]
    jobs.stop(first.id)
    wait_until(lambda: second.state == "finished")
    assert first.state == "stopped"


def test_what_is_likely_to_be_trained_is_warmed_up_once_it_stands_still(store, monkeypatch):
    monkeypatch.setattr(worker_pool, "DEBOUNCE_SECONDS", 0.3)
    jobs = Scheduler(store, worker=STAND_IN)
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
        workers.request_spare()
        workers.update_spare()
        workers._spare.wait(10)
        for _ in range(3):
            workers.update_spare()
        assert workers._spare is None
        assert start_count.read_text() == "x" * requests


def test_a_run_that_is_given_up_on_a_full_disk_is_not_tried_for_ever(store, monkeypatch):
    def full(self, event):
        raise RunError("The disk is full.")

    run = store.create(SHORT, queued=True)
    monkeypatch.setattr(worker_pool.EventFile, "append", full)
    worker_pool._mark_failed(run, "It could not start.")
    assert run.state == "interrupted"


def test_a_look_that_has_started_leaves_no_worker_behind_a_close(store, monkeypatch):
    looking, go_on = threading.Event(), threading.Event()
    lookers = []

    def collect_ended() -> None:
        lookers.append(threading.current_thread())
        looking.set()
        go_on.wait(5)

    jobs = Scheduler(store, worker=STAND_IN)
    monkeypatch.setattr(jobs._workers, "collect_ended", collect_ended)  # of this one alone: others may still be open
    jobs.warm_up()
    assert looking.wait(5)
    closing = threading.Thread(target=jobs.close)
    closing.start()
    time.sleep(0.1)
    go_on.set()
    closing.join(10)
    lookers[0].join(10)
    assert not closing.is_alive()
    assert not lookers[0].is_alive()
    assert jobs._workers._spare is None


def test_turns_are_fair(store):
    # Ada starts five, then Bob comes with one: he need not wait for all of hers.
    made = {name: store.create(SHORT, starter=name[0], queued=True) for name in ("a1", "a2", "a3", "b1", "b2", "c1")}
    names = {run.id: name for name, run in made.items()}
    ordered = [names[run.id] for run in fair_order(list(made.values()), busy=["a"])]
    assert ordered == ["b1", "c1", "a1", "b2", "a2", "a3"]


def test_a_waiting_run_can_be_withdrawn_and_comes_back_with_undo(jobs, store):
    first = jobs.submit(LONG)
    wait_until(lambda: first.state == "running")
    waiting = jobs.submit(SHORT)
    jobs.cancel(waiting.id)
    assert jobs.queue() == []
    assert store.restore(waiting.id).state == "waiting"


def test_a_run_is_withdrawn_for_good_though_a_worker_was_about_to_take_it(jobs, store):
    first = jobs.submit(LONG)
    wait_until(lambda: first.state == "running")
    waiting = jobs.submit(SHORT)
    claimable = []
    about_to = waiting.lock
    assert about_to.acquire({"pid": 0})  # as a worker does before it looks whether the run still waits

    def look_and_let_go() -> None:
        time.sleep(0.3)
        claimable.append((waiting.folder / "queued").exists())
        about_to.release()

    worker = threading.Thread(target=look_and_let_go)
    worker.start()
    jobs.cancel(waiting.id)
    worker.join()
    assert claimable == [False]
    assert waiting.id not in {run.id for run in store.runs()}
    assert store.restore(waiting.id).state == "waiting"


def test_a_run_that_was_resumed_and_withdrawn_is_what_it_was(jobs):
    first = jobs.submit(LONG)
    wait_until(lambda: len(first.epochs) > 1)
    jobs.stop(first.id)
    wait_until(lambda: first.state == "stopped")
    other = jobs.submit(LONG)
    wait_until(lambda: other.state == "running")
    jobs.resume(first.id)
    assert first.state == "waiting"
    jobs.cancel(first.id)
    assert first.state == "stopped"


def test_pause_step_and_go_on(jobs):
    run = jobs.submit(LONG)
    wait_until(lambda: len(run.epochs) > 1)
    jobs.pause(run.id)
    wait_until(lambda: run.state == "paused")
    epochs = len(run.epochs)
    jobs.step(run.id)
    wait_until(lambda: len(run.epochs) == epochs + 1 and run.state == "paused")
    jobs.resume(run.id)
    wait_until(lambda: len(run.epochs) > epochs + 3)


def test_a_paused_run_makes_room_for_others_after_a_while_but_not_for_its_starters_own(jobs, monkeypatch):
    # One who paused and went home would stop a whole class: only the starter may steer a run.
    monkeypatch.setattr(queue, "MAX_PAUSE_SECONDS", 0.5)
    paused = jobs.submit(LONG, starter="ada")
    wait_until(lambda: paused.state == "running")
    jobs.pause(paused.id, visitor="ada")
    wait_until(lambda: paused.state == "paused")
    own = jobs.submit(SHORT, starter="ada")
    time.sleep(1.0)
    assert (paused.state, own.state) == ("paused", "waiting")
    assert not jobs.is_blocking_others(paused)
    other = jobs.submit(SHORT, starter="bob")
    assert jobs.is_blocking_others(paused)
    time.sleep(0.2)
    assert paused.state == "paused"  # bob has only just come
    wait_until(lambda: other.state == "finished")
    assert paused.state == "stopped"
    jobs.resume(paused.id, visitor="ada")
    wait_until(lambda: paused.state == "running")  # what was wished of it before is forgotten


def test_a_stopped_run_resumes_from_its_last_epoch_and_forgets_the_stop(jobs):
    run = jobs.submit(LONG)
    wait_until(lambda: len(run.epochs) > 2)
    jobs.stop(run.id)
    wait_until(lambda: run.state == "stopped")
    epochs = len(run.epochs)
    jobs.resume(run.id)
    wait_until(lambda: run.state == "running" and len(run.epochs) > epochs)
    assert run.started.from_epoch == epochs


def test_a_finished_run_takes_more_epochs(jobs):
    run = jobs.submit(SHORT, forecast_seconds=1e-6)
    wait_until(lambda: run.state == "finished")
    with pytest.raises(RunError, match="finished"):
        jobs.resume(run.id)
    jobs.add_epochs(run.id, 3)
    wait_until(lambda: len(run.epochs) == 5 and run.state == "finished")
    run = jobs.store.get(run.id)
    assert run.config.epochs == 5
    whole = forecast.forecast(run.config, run.started.train_images, jobs.store.runs()).seconds
    assert run.forecast_seconds == pytest.approx(whole, rel=0.5)  # of all five, and not of the two it began with
    with pytest.raises(ConfigError):
        jobs.add_epochs(run.id, 5000)


def test_only_the_starter_controls_a_run_unless_the_setting_says_otherwise(jobs, monkeypatch):
    run = jobs.submit(LONG, starter="ada")
    wait_until(lambda: run.state == "running")
    for ask in (jobs.stop, jobs.pause, jobs.step, jobs.resume, jobs.cancel):
        with pytest.raises(RunError, match="Somebody else started"):
            ask(run.id, visitor="bob")
    jobs.pause(run.id, visitor="ada")
    monkeypatch.setenv("DIGIT_LAB_ANYONE_STOPS", "1")
    jobs.stop(run.id, visitor="bob")
    wait_until(lambda: run.state == "stopped")


def test_a_rate_out_of_range_is_refused(jobs):
    run = jobs.submit(LONG)
    wait_until(lambda: run.state == "running")
    with pytest.raises(ConfigError, match="learning_rate"):
        jobs.set_learning_rate(run.id, 1000.0)


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
    (worker,) = jobs._workers._assigned.values()
    worker.kill()
    wait_until(lambda: run.state == "interrupted")
    wait_until(lambda: behind.state == "finished")
    jobs.resume(run.id)
    wait_until(lambda: run.state == "running")


DASHBOARD = """
import sys, time
from core.config.run_config import RunConfig
from core.jobs.scheduler import Scheduler
from core.runs.store import RunStore
jobs = Scheduler(RunStore(), spare=False, worker=(sys.executable, "-m", "tests.unit.jobs.stand_in_worker"))
jobs.submit(RunConfig(epochs=500), name="first")
jobs.submit(RunConfig(epochs=2), name="second")
print("submitted", flush=True)
time.sleep(60)
"""


def test_a_killed_dashboard_loses_nothing(store):
    environment = {**os.environ, "DIGIT_LAB_HOME": str(store.home)}
    dashboard = subprocess.Popen([sys.executable, "-c", DASHBOARD], cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    assert dashboard.stdout.readline() == b"submitted\n"
    wait_until(lambda: any(run.name == "first" and len(run.epochs) > 1 for run in store.runs()))
    os.kill(dashboard.pid, signal.SIGKILL)
    dashboard.wait()
    dashboard.stdout.close()
    first = next(run for run in store.runs() if run.name == "first")
    second = next(run for run in store.runs() if run.name == "second")
    epochs = len(first.epochs)
    wait_until(lambda: len(first.epochs) > epochs)  # it trains on without any dashboard
    assert second.state == "waiting"
    again = Scheduler(RunStore(store.home), spare=False, worker=STAND_IN)  # the restarted one adopts both
    again.stop(first.id)
    wait_until(lambda: second.state == "finished")
    assert first.state == "stopped"
    again.close()


def test_the_shipped_model_cannot_be_controlled(jobs):
    if not any(run.shipped for run in jobs.store.runs()):
        pytest.skip("no model is shipped yet")
    with pytest.raises(RunError, match="read-only"):
        jobs.resume("shipped")


def test_a_worker_that_cannot_be_started_is_told_and_printed_once(store, monkeypatch, capsys):
    def no_process(*_: object, **__: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(worker_pool.subprocess, "Popen", no_process)
    monkeypatch.setattr(worker_pool, "RETRY_SECONDS", 0.2)
    jobs = Scheduler(store, spare=True, worker=STAND_IN)
    run = jobs.submit(SHORT)
    wait_until(lambda: run.state == "failed")
    jobs.close()
    assert run.ended is not None
    assert "Resource temporarily unavailable" in run.ended.reason
    assert capsys.readouterr().err.count("Traceback") == 0


def test_a_defect_is_printed_once_and_not_five_times_a_second(store, monkeypatch, capsys):
    jobs = Scheduler(store, spare=False, worker=STAND_IN)
    monkeypatch.setattr(jobs._workers, "collect_ended", lambda: 1 / 0)  # of this one alone: others may still be open
    time.sleep(0.8)
    jobs.close()
    assert capsys.readouterr().err.count("ZeroDivisionError") == 1


def test_a_paused_run_gives_way_also_after_the_clock_was_set_back(jobs, store, monkeypatch):
    first = jobs.submit(LONG, starter="a")
    wait_until(lambda: first.state == "running")
    jobs.pause(first.id)
    wait_until(lambda: first.state == "paused")
    future = time.time() + 3600
    os.utime(first.events_path, (future, future))
    monkeypatch.setattr(queue, "MAX_PAUSE_SECONDS", 0.5)
    second = jobs.submit(SHORT, starter="b")
    wait_until(lambda: second.state == "finished")
    assert first.state == "stopped"
