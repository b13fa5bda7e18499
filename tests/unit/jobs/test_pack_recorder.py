"""Seeds in one call are runs of their own, and a request to one of them acts on all."""

import json
import threading

import numpy as np
import pytest

from core.__main__ import main
from core.config.run_config import RunConfig
from core.jobs import packing
from core.jobs.pack_recorder import PackRecorder
from core.network import forecast
from core.runs.control import ControlRequests, merge_requests
from core.runs.events import RateChanged
from core.runs.moments import moment_names
from tests.small_run import train, wait_until, weights_of

CONFIG = RunConfig(units=8, epochs=2, batch_size=250)
LONG = CONFIG.changed(epochs=500)


@pytest.fixture(autouse=True)
def small_data(monkeypatch, tiny_mnist, nothing_is_compiled):
    monkeypatch.setattr("core.data.mnist.load", lambda: tiny_mnist)


@pytest.fixture
def recording(store):
    """Trains three seeds of a config in the background; all have ended when the test ends."""
    threads, recorders = [], []

    def start(config):
        runs = [store.create(config.changed(seed=seed), queued=True) for seed in (1, 2, 3)]
        recorders.append(PackRecorder(store, [run.id for run in runs]))
        threads.append(threading.Thread(target=recorders[-1].run, kwargs={"claim": True}))
        threads[-1].start()
        return runs

    yield start
    for recorder, thread in zip(recorders, threads, strict=True):
        recorder.stop()
        thread.join(60)


def states(runs):
    return {run.state for run in runs}


def test_each_seed_is_a_run_of_its_own_with_the_network_that_it_has_alone(store, recording):
    runs = recording(CONFIG)
    wait_until(lambda: states(runs) == {"finished"})
    for run in runs:
        assert run.started.together == 3
        assert len(run.epochs) == 2
        assert run.has_model
        assert moment_names(run) == moment_names(runs[0]) != []
        alone, _ = train(store, run.config)
        ours, theirs = weights_of(run), weights_of(alone)
        assert all(np.allclose(ours[name], theirs[name], atol=1e-4) for name in theirs)
    assert len({run.ended.train_loss for run in runs}) == 3


def test_a_stop_of_one_stops_all_at_the_same_step(recording):
    runs = recording(LONG)
    wait_until(lambda: all(run.epochs for run in runs))
    ControlRequests(runs[1]).stop()
    wait_until(lambda: states(runs) == {"stopped"})
    assert len({run.step for run in runs}) == 1
    assert all(run.has_model for run in runs)


def test_a_pause_of_one_holds_all_until_another_continues(recording):
    runs = recording(LONG)
    wait_until(lambda: all(run.epochs for run in runs))
    ControlRequests(runs[0]).pause()
    wait_until(lambda: states(runs) == {"paused"})
    assert len({run.step for run in runs}) == 1
    ControlRequests(runs[2]).note_look()  # somebody watches: that asks for nothing
    ControlRequests(runs[2]).step()
    done = len(runs[0].epochs)
    wait_until(lambda: {len(run.epochs) for run in runs} == {done + 1} and states(runs) == {"paused"})
    ControlRequests(runs[1]).resume()
    wait_until(lambda: states(runs) == {"running"})


def test_a_learning_rate_is_set_in_all_after_the_same_step(recording):
    runs = recording(LONG)
    wait_until(lambda: all(run.epochs for run in runs))
    ControlRequests(runs[1]).learning_rate(0.0005)
    wait_until(lambda: all(run.rates for run in runs))
    changes = {(change.step, change.learning_rate) for run in runs for change in run.rates}
    assert len(changes) == 1
    assert all(isinstance(change, RateChanged) for run in runs for change in run.rates)


def test_a_seed_that_was_removed_from_the_queue_does_not_hold_the_others(store):
    runs = [store.create(CONFIG.changed(seed=seed), queued=True) for seed in (1, 2)]
    recorder = PackRecorder(store, [run.id for run in runs])
    runs[0].queued_path.unlink()
    removed, ended = recorder.run(claim=True)
    assert removed is None
    assert ended.outcome == "finished"


def test_a_seed_that_diverges_ends_alone(recording, monkeypatch):
    from core.training.engine_tensorflow import TensorFlow

    sums = TensorFlow.sums

    def diverges(self, call, logits):
        found = sums(self, call, logits)
        if self.model.layers[-1].kernel_initializer.seed == odd:
            found.loss = float("nan")
        return found

    from core.training import models

    odd = models.build(LONG.changed(seed=2)).layers[-1].kernel_initializer.seed
    monkeypatch.setattr(TensorFlow, "sums", diverges)
    runs = recording(LONG)
    wait_until(lambda: runs[1].state == "failed")
    wait_until(lambda: all(run.step > runs[1].step for run in (runs[0], runs[2])))
    assert {runs[0].state, runs[2].state} == {"running"}


def test_the_command_line_trains_them_together_and_reports_each(store, monkeypatch, capsys):
    monkeypatch.setenv("DIGIT_LAB_HOME", str(store.home))
    monkeypatch.setattr(packing, "PACKED_ON", ("gpu", "cpu"))
    monkeypatch.setenv("DIGIT_LAB_SEEDS_PER_CALL", "2")
    knobs = ("--units", "8", "--epochs", "1", "--batch-size", "250")
    assert main(["train", *knobs, "--seeds", "3", "--json"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    runs = [store.get(each["run"]) for each in report["runs"]]
    assert [run.started.together for run in runs] == [2, 2, 1]
    assert report["train_accuracy"]["seeds"] == 3


def test_times_of_seeds_in_one_call_teach_the_forecast_nothing(store, recording):
    runs = recording(CONFIG)
    wait_until(lambda: states(runs) == {"finished"})
    alone, _ = train(store, CONFIG, forecast_seconds=1.0)
    assert forecast.forecast(CONFIG, 1000, [*runs, alone]).measured == 1
    store.write(runs[0].id, forecast_seconds=1.0)
    assert forecast.relative_error(store.get(runs[0].id)) is None
    assert forecast.relative_error(alone) is not None


def test_the_newest_request_decides_and_a_stop_stays():
    old, new = {"paused": True, "until_epoch": 3, "asked": 1.0, "stop": True}, {"paused": False, "asked": 2.0}
    rate = {"learning_rate": 0.1, "rate_wished": 5.0}
    merged = merge_requests([old, {**new, **rate}, {}])
    assert merged == {"paused": False, "stop": True, "gave_way": False, **rate}
