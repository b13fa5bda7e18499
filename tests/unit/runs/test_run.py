"""Whatever happens to a process or a file, the state of a run is true."""

import os
import signal

import pytest

from core.config.run_config import RunConfig
from core.runs.events import Paused, RateChanged, RunEnded, Started
from core.runs.run import describe_rate_changes
from core.runs.store import RunStore
from tests.unit.runs.run_events import STARTED, batch, epoch, write_events


def test_the_state_follows_what_happens(store, hold_lock):
    run = store.create(RunConfig(), queued=True)
    assert run.state == "waiting"
    worker = hold_lock(run)
    (run.folder / "queued").unlink()
    assert run.state == "starting"
    write_events(run, STARTED, batch(1))
    assert run.state == "running"
    write_events(run, Paused(1, 1, 0.2))
    assert run.state == "paused"
    write_events(run, batch(2), epoch(1), RunEnded("finished", "", 2.0, 1))
    worker.kill()
    worker.wait()
    assert run.state == "finished"


def test_a_killed_worker_shows_as_interrupted_at_once(store, hold_lock):
    # Liveness by process number would show it as running for as long as the number is taken by anybody else.
    run = store.create(RunConfig())
    write_events(run, STARTED, epoch(1))
    worker = hold_lock(run)
    assert run.state == "starting"
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    assert run.state == "interrupted"
    assert [done.epoch for done in run.epochs] == [1]


def test_a_resumed_run_forgets_what_it_will_train_again(store):
    run = store.create(RunConfig())
    write_events(run, STARTED, epoch(1), epoch(2, loss=9.0), batch(9))
    assert run.step == 9
    write_events(run, Started(2.0, "CPU", 10, 100, 0, 4, 3, from_epoch=1))
    assert [done.epoch for done in run.epochs] == [1]
    assert run.step == 4
    write_events(run, epoch(2, loss=0.2))
    assert [done.loss for done in run.epochs] == [0.5, 0.2]


def test_a_resume_in_the_middle_of_an_epoch_keeps_what_came_before_it(store):
    run = store.create(RunConfig())
    write_events(run, STARTED, epoch(1), batch(6), RateChanged(6, 2, 1.5, 0.01))
    write_events(run, Started(2.0, "CPU", 10, 100, 0, 4, 3, from_epoch=1, from_step=6))
    assert run.step == 6
    assert [rate.learning_rate for rate in run.rates] == [0.01]
    write_events(run, batch(7), RateChanged(7, 2, 1.6, 0.1))  # then the process is killed
    write_events(run, Started(2.0, "CPU", 10, 100, 0, 4, 3, from_epoch=1, from_step=6))
    assert [rate.learning_rate for rate in run.rates] == [0.01]


def test_a_rate_set_by_hand_is_known_until_a_resume_goes_back_before_it(store):
    run = store.create(RunConfig())
    write_events(run, STARTED, epoch(1), RateChanged(5, 2, 1.2, 0.01), epoch(2), RateChanged(9, 3, 2.2, 0.5))
    assert describe_rate_changes(run) == "the learning rate was set to 0.01 in epoch 2, then to 0.5 in epoch 3"
    write_events(run, Started(2.0, "CPU", 10, 100, 0, 4, 3, from_epoch=2))
    assert [rate.learning_rate for rate in run.rates] == [0.01]
    write_events(run, Started(3.0, "CPU", 10, 100, 0, 4, 3, from_epoch=1))
    assert describe_rate_changes(run) == ""
    write_events(
        run, RateChanged(4, 1, 1.2, 0.1), epoch(1), RateChanged(4, 2, 1.2, 0.01)
    )  # before epoch 1 was kept, and after
    write_events(run, Started(4.0, "CPU", 10, 100, 0, 4, 3, from_epoch=1))
    assert [rate.learning_rate for rate in run.rates] == [0.1]


def test_events_that_are_rubbish_leave_a_run_that_can_be_shown(store):
    run = store.create(RunConfig())
    run.events_path.write_bytes(os.urandom(2000) + b"\n" + b'{"event": "EpochDone"}\n[1]\nnull\n')
    assert run.state == "interrupted"
    assert run.epochs == []


@pytest.mark.parametrize("name", ["![x](https://example.org/x.png)", "a [![x](https://example.org/x.png)](//x)"])
def test_a_name_can_neither_fetch_a_picture_nor_lead_anywhere(tmp_path, name):
    store = RunStore(tmp_path)
    run = store.create(RunConfig(), name=name)
    assert "](" not in run.title + store.update(run.id, name=name).title + store.get(run.id).name
