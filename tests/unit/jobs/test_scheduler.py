"""What a visitor asks of a run, and that nothing is lost when the dashboard dies."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from core.classroom.visitors import Visitor
from core.errors import ConfigError, RunError
from core.jobs.scheduler import Scheduler
from core.network import forecast
from core.runs.prediction import NUMBER, Asked, Prediction
from core.runs.store import RunStore
from tests import made_runs
from tests.small_run import wait_until
from tests.unit.jobs.stand_in import LONG, SHORT, STAND_IN

ROOT = Path(__file__).parents[3]


def test_a_submitted_run_trains_to_its_end(jobs):
    run = jobs.submit(SHORT, name="mine")
    wait_until(lambda: run.state == "finished")
    assert len(run.epochs) == 2
    assert jobs.queue() == jobs.running() == []


def test_a_look_that_has_started_leaves_no_worker_behind_a_close(store, monkeypatch):
    looking, go_on = threading.Event(), threading.Event()
    lookers = []

    def refresh() -> None:
        lookers.append(threading.current_thread())
        looking.set()
        go_on.wait(5)

    jobs = Scheduler(store, command=STAND_IN)
    monkeypatch.setattr(jobs.place, "refresh", refresh)  # of this one alone: others may still be open
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
    assert jobs.place._spare.process is None


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


def test_a_stopped_run_resumes_from_its_last_epoch_and_forgets_the_stop(jobs):
    run = jobs.submit(LONG)
    wait_until(lambda: len(run.epochs) > 2)
    jobs.stop(run.id)
    wait_until(lambda: run.state == "stopped")
    epochs = len(run.epochs)
    jobs.resume(run.id)
    wait_until(lambda: run.state == "running" and len(run.epochs) > epochs)
    assert run.started.from_epoch == epochs


def test_a_run_whose_result_was_predicted_keeps_its_knobs(jobs):
    prediction = Prediction("?", Asked(NUMBER), "97").to_facts()
    made = made_runs.make(jobs.store, prediction=prediction)
    with pytest.raises(RunError, match="predicted"):
        jobs.add_epochs(made.id, 3)
    with pytest.raises(RunError, match="predicted"):
        jobs.set_learning_rate(made.id, 0.1)
    assert jobs.store.get(made.id).config == made.config


def test_a_finished_run_takes_more_epochs(jobs):
    run = jobs.submit(SHORT, forecast_seconds=1e-6)
    wait_until(lambda: run.state == "finished")
    with pytest.raises(RunError, match="finished"):
        jobs.resume(run.id)
    whole, begun = (
        forecast.forecast(SHORT.changed(epochs=epochs), run.started.train_images, jobs.store.runs()).seconds
        for epochs in (5, 2)
    )
    jobs.add_epochs(run.id, 3)
    wait_until(lambda: len(run.epochs) == 5 and run.state == "finished")
    run = jobs.store.get(run.id)
    assert run.config.epochs == 5
    assert run.forecast_seconds == pytest.approx(whole, rel=0.01)  # of all five, and not of the two it began with
    assert begun < 0.97 * whole
    with pytest.raises(ConfigError):
        jobs.add_epochs(run.id, 5000)


def test_only_the_starter_and_the_teacher_control_a_run(jobs):
    run = jobs.submit(LONG, starter="ada")
    wait_until(lambda: run.state == "running")
    for ask in (jobs.stop, jobs.pause, jobs.step, jobs.resume):
        with pytest.raises(RunError, match="Somebody else started"):
            ask(run.id, visitor=Visitor("bob"))
    jobs.pause(run.id, visitor=Visitor("ada"))
    jobs.stop(run.id, visitor=Visitor("bob", is_teacher=True))
    wait_until(lambda: run.state == "stopped")


def test_a_rate_out_of_range_is_refused(jobs):
    run = jobs.submit(LONG)
    wait_until(lambda: run.state == "running")
    with pytest.raises(ConfigError, match="learning_rate"):
        jobs.set_learning_rate(run.id, 1000.0)


DASHBOARD = """
import sys, time
from core.config.run_config import RunConfig
from core.jobs.scheduler import Scheduler
from core.runs.store import RunStore
jobs = Scheduler(RunStore(), spare=False, command=(sys.executable, "-m", "tests.unit.jobs.stand_in_worker"))
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
    again = Scheduler(RunStore(store.home), spare=False, command=STAND_IN)  # the restarted one adopts both
    again.stop(first.id)
    wait_until(lambda: second.state == "finished")
    assert first.state == "stopped"
    again.close()


def test_the_shipped_model_cannot_be_controlled(jobs):
    if not any(run.shipped for run in jobs.store.runs()):
        pytest.skip("no model is shipped yet")
    with pytest.raises(RunError, match="read-only"):
        jobs.resume("shipped")


def test_a_defect_is_printed_once_and_not_five_times_a_second(store, monkeypatch, capsys):
    jobs = Scheduler(store, spare=False, command=STAND_IN)
    monkeypatch.setattr(jobs.place, "refresh", lambda: 1 / 0)  # of this one alone: others may still be open
    time.sleep(0.8)
    jobs.close()
    assert capsys.readouterr().err.count("ZeroDivisionError") == 1
