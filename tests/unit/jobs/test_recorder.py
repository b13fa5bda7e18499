"""One recorded training: its events, the requests it follows and the failures it survives."""

import threading
import time

import numpy as np
import pytest

from core.files import Lock
from core.jobs.recorder import RunRecorder
from core.runs.checkpoints import read_arrays, read_state
from core.runs.control import ControlReader, ControlRequests
from core.runs.events import BatchDone, EpochDone, Paused, RateChanged, RunEnded, Started
from tests.small_run import SMALL, train, wait_until

pytestmark = pytest.mark.usefixtures("nothing_is_compiled", "embedded_data")


def test_a_run_keeps_its_weights_and_says_so_last(store):
    run, ended = train(store, SMALL)
    assert ended.outcome == run.state == "finished"
    events, _ = run.events()
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], RunEnded)
    assert [done.epoch for done in run.epochs] == run.checkpoint_epochs == [1, 2, 3]
    assert run.has_model
    assert not (run.folder / "room").exists()
    assert read_state(run.state_path).epoch == 3
    assert set(read_arrays(run.preview_path)) if run.preview_path.exists() else True


def test_stop_keeps_the_weights(store):
    run = store.create(SMALL.changed(epochs=500))
    heard = []

    def on_event(event):
        heard.append(event)
        if isinstance(event, EpochDone) and event.epoch == 2:
            ControlRequests(run).stop()

    ended = RunRecorder(store, run.id, on_event=on_event).run()
    assert ended.outcome == run.state == "stopped"
    assert ended.epochs in (2, 3)
    assert run.has_model


def test_a_paused_run_holds_steps_an_epoch_and_goes_on(store):
    run = store.create(SMALL.changed(epochs=500))
    ControlRequests(run).pause()
    thread = threading.Thread(target=RunRecorder(store, run.id).run)
    thread.start()
    try:
        wait_until(lambda: run.state == "paused")
        assert run.epochs == []
        step = run.step
        time.sleep(0.2)
        assert run.step == step
        ControlRequests(run).step()
        wait_until(lambda: len(run.epochs) == 1 and run.state == "paused")
        time.sleep(0.2)
        assert run.step == run.started.batches  # not one call more
        ControlRequests(run).resume()
        wait_until(lambda: len(run.epochs) > 3)
    finally:
        ControlRequests(run).stop()
        thread.join(30)
    events, _ = run.events()
    assert sum(isinstance(event, Paused) for event in events) == 2


def test_a_paused_run_that_makes_room_for_others_says_so_and_keeps_its_weights(store):
    run = store.create(SMALL.changed(epochs=500))
    ControlRequests(run).pause()
    thread = threading.Thread(target=RunRecorder(store, run.id).run)
    thread.start()
    wait_until(lambda: run.state == "paused")
    ControlRequests(run).yield_device()
    thread.join(30)
    assert run.state == "stopped"
    assert "others waited" in run.ended.reason
    assert run.has_model


def test_a_learning_rate_set_while_it_trains_is_used_and_reported_once(store):
    run = store.create(SMALL.changed(epochs=6))

    def on_event(event):
        if isinstance(event, EpochDone) and event.epoch == 2:
            ControlRequests(run).learning_rate(0.0001)

    RunRecorder(store, run.id, on_event=on_event).run()
    changed = [event for event in run.events()[0] if isinstance(event, RateChanged)]
    assert [event.learning_rate for event in changed] == [0.0001]
    assert run.epochs[0].learning_rate == pytest.approx(0.001)
    assert run.epochs[-1].learning_rate == pytest.approx(0.0001)


def test_a_learning_rate_is_heard_though_the_clock_was_set_back(store, monkeypatch):
    run = store.create(SMALL)
    requests = ControlReader(run)
    for now, rate in ((2000.0, 0.01), (1000.0, 0.02)):
        monkeypatch.setattr("core.runs.control.time.time", lambda now=now: now)
        ControlRequests(run).learning_rate(rate)
        assert requests.learning_rate() == rate
        assert requests.learning_rate() is None


def test_a_loss_that_is_no_number_ends_the_run_at_once_and_names_the_knob(store):
    run, ended = train(
        store, SMALL.changed(optimizer="sgd", learning_rate=10.0, units=1024, hidden_layers=4, epochs=500)
    )
    assert ended.outcome == "failed"
    assert "learning rate" in ended.reason
    assert ended.epochs < 5
    assert not run.has_model


def test_a_full_disk_fails_in_a_sentence_and_the_last_epoch_stays(store, monkeypatch):
    import errno

    from core import files
    from core.jobs import recorder

    real = files.os.fsync

    def full(file):
        if len(run.checkpoint_epochs) >= 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(file)

    run = store.create(SMALL)
    monkeypatch.setattr(files.os, "fsync", full)
    ended = recorder.RunRecorder(store, run.id).run()
    monkeypatch.undo()
    assert ended.outcome == "failed"
    assert "full" in ended.reason
    assert run.checkpoint_epochs == [1, 2]
    assert read_state(run.state_path).epoch == 2


@pytest.mark.parametrize("logged", [True, False])
def test_what_nobody_foresaw_is_reported_with_the_place_where_more_of_it_stands(store, monkeypatch, capsys, logged):
    from core.jobs import recorder
    from core.training import trainer

    def breaks(*_, **__):
        raise ZeroDivisionError("of all things")

    run = store.create(SMALL)
    if logged:  # else the command line trains, and Python speaks to whoever typed it
        (run.folder / "worker.log").touch()
    monkeypatch.setattr(trainer, "train", breaks)
    ended = recorder.RunRecorder(store, run.id).run()
    assert ended.reason.startswith("Training failed: ZeroDivisionError: of all things")
    assert ("worker.log" in ended.reason) == logged
    assert "Traceback" in capsys.readouterr().err


def test_a_run_whose_folder_is_deleted_while_it_trains_just_ends(store):
    import shutil

    run = store.create(SMALL.changed(epochs=500))

    def on_event(event):
        if isinstance(event, EpochDone):
            shutil.rmtree(run.folder, ignore_errors=True)

    ended = RunRecorder(store, run.id, on_event=on_event).run()
    assert ended.outcome == "failed"
    assert "deleted" in ended.reason


def test_two_processes_never_train_the_same_run(store):
    run = store.create(SMALL)
    first = run.lock
    assert first.acquire({"pid": 1, "after": 0})
    assert RunRecorder(store, run.id).run() is None
    first.release()


def test_a_withdrawn_run_is_not_trained(store):
    run = store.create(SMALL, queued=True)
    (run.folder / "queued").unlink()
    assert RunRecorder(store, run.id).run(claim=True) is None
    assert run.events()[0] == []


def test_a_second_run_waits_for_the_device(store):
    device = Lock(store.device_path("cpu"))
    assert device.acquire({"run": "other"})
    run = store.create(SMALL.changed(epochs=1, device="cpu"))
    waited = []
    thread = threading.Thread(target=RunRecorder(store, run.id, on_wait=waited.append).run)
    thread.start()
    wait_until(lambda: waited)
    assert run.state == "starting"
    assert waited[0] == "other"
    device.release()
    thread.join(30)
    assert run.state == "finished"


def test_the_points_within_an_epoch_add_up_to_it(store):
    # Two roads to the training loss: Keras' mean over the epoch, and the mean of the live points weighted by images.
    run, _ = train(store, SMALL.changed(epochs=1))
    events, _ = run.events()
    points = [event for event in events if isinstance(event, BatchDone)]
    batches = np.diff([0, *(point.batch for point in points)])
    mean = np.average([point.loss for point in points], weights=batches)
    assert mean == pytest.approx(run.epochs[0].loss, rel=1e-4)
