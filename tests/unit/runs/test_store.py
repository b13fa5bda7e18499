"""Runs on disk: whatever happens to a folder or a process, the state that is shown is true."""

import errno
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core import files
from core.config.run_config import RunConfig
from core.errors import HomeError, RunError
from core.runs import store as runs
from core.runs.events import BatchDone, EpochDone, Paused, RateChanged, RunEnded, Started
from core.runs.run import describe_rate_changes
from core.runs.store import RunStore
from core.runs.timeline import EventFile
from tests.conftest import ROOT

STARTED = Started(time=1.0, device="CPU", parameters=10, train_images=100, validation_images=0, batches=4, epochs=3)
HOLDER = """
import sys, time
from pathlib import Path
from core.files import Lock
assert Lock(Path(sys.argv[1])).acquire({"after": int(sys.argv[2])})
print("held", flush=True)
time.sleep(60)
"""


def epoch(number: int, loss: float = 0.5) -> EpochDone:
    return EpochDone(step=4 * number, epoch=number, seconds=number, loss=loss, accuracy=0.9, learning_rate=0.001)


def batch(step: int) -> BatchDone:
    return BatchDone(step, (step - 1) // 4 + 1, (step - 1) % 4 + 1, step / 4, 1 / step, 0.5, 1000.0)


def test_two_runs_of_one_second_and_one_chance_are_two(tmp_path, monkeypatch):
    store, drawn = RunStore(tmp_path), iter(["aaaa", "aaaa", "bbbb"] * 2)
    monkeypatch.setattr("core.runs.store.secrets.token_hex", lambda n: next(drawn))
    monkeypatch.setattr("core.runs.store.time.time", lambda: 1_000_000_000.0)
    first, second = store.create(RunConfig()), store.create(RunConfig())
    assert [first.id[-4:], second.id[-4:]] == ["aaaa", "bbbb"]
    assert len(store.runs()) == 3  # and the one that came with the project


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


@pytest.fixture
def hold_lock():
    """Lets another process hold the lock of a run, as a worker does."""
    processes = []

    def hold(run) -> subprocess.Popen:
        size = run.events_path.stat().st_size if run.events_path.exists() else 0
        command = [sys.executable, "-c", HOLDER, str(run.folder / "lock"), str(size)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
        assert process.stdout.readline() == b"held\n"
        processes.append(process)
        return process

    yield hold
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


def write_events(run, *events) -> None:
    file = EventFile(run.events_path)
    for event in events:
        file.append(event)
    file.close()


def test_a_run_comes_back_as_it_was_made(store):
    made = store.create(RunConfig(units=64, seed=3), recipe="chollet", name="mine", starter="ada", sweep="s1")
    found = RunStore(store.home).get(made.id)
    assert found.config == RunConfig(units=64, seed=3)
    assert (found.recipe, found.name, found.starter, found.sweep) == ("chollet", "mine", "ada", "s1")
    assert found.title == "mine"


def test_runs_are_listed_newest_first_each_with_its_own_colour(store):
    made = [store.create(RunConfig(seed=seed)) for seed in range(3)]
    listed = [run for run in store.runs() if not run.shipped]
    assert [run.id for run in listed] == [run.id for run in reversed(made)]
    assert [run.colour_index for run in made] == [1, 2, 3]  # the model that came with the project has the first


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


def test_only_a_run_that_would_end_the_same_is_like_another(store):
    rate_changed, personalised, same = (store.create(RunConfig()) for _ in range(3))
    write_events(
        rate_changed, STARTED, epoch(1), RateChanged(5, 2, 1.2, 0.01), epoch(2), RunEnded("finished", "", 2.0, 2)
    )
    personalised.model_path.write_bytes(b"weights")
    write_events(personalised, STARTED, RunEnded("finished", "", 2.0, 4))  # as `save_copy` writes it
    assert store.find_identical(RunConfig()) is None
    write_events(same, STARTED, epoch(1), RunEnded("finished", "", 2.0, 1))
    assert store.find_identical(RunConfig()).id == same.id


@pytest.mark.parametrize("below", ["", "lab/home"])
def test_a_home_that_is_no_folder_is_a_sentence(tmp_path, below):
    (tmp_path / "file").write_text("no folder")
    home = tmp_path / "file" / below
    with pytest.raises(HomeError, match=f"cannot be used: Not a directory.*DIGIT_LAB_HOME.*Received: '{home}'"):
        RunStore(home)


def test_a_home_that_may_not_be_written_in_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "core.runs.store.os.access", lambda *_: False
    )  # tests may run as root, who may write everywhere
    with pytest.raises(HomeError, match="no permission to read and write it"):
        RunStore(tmp_path)


def test_a_home_that_is_spoilt_while_it_is_in_use_is_a_sentence(store):
    store.folder.rmdir()
    assert [run for run in store.runs() if not run.shipped] == []
    store.folder.write_text("no folder")
    with pytest.raises(HomeError, match="Not a directory"):
        store.runs()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"config": {"units": -1}}', b'{"config": 3}', b"\xff\xfe"])
def test_a_damaged_folder_is_named_and_nothing_else_suffers(store, content):
    whole, damaged = store.create(RunConfig()), store.create(RunConfig())
    (damaged.folder / "run.json").write_bytes(content)
    assert list(store.damaged()) == [damaged.id]
    assert [run.id for run in store.runs() if not run.shipped] == [whole.id]
    with pytest.raises(RunError, match="damaged"):
        store.get(damaged.id)
    store.delete(damaged.id)
    assert store.damaged() == {}


def test_events_that_are_rubbish_leave_a_run_that_can_be_shown(store):
    run = store.create(RunConfig())
    run.events_path.write_bytes(os.urandom(2000) + b"\n" + b'{"event": "EpochDone"}\n[1]\nnull\n')
    assert run.state == "interrupted"
    assert run.epochs == []


def test_a_deleted_run_comes_back_with_undo(store):
    run = store.create(RunConfig(units=7))
    store.delete(run.id)
    with pytest.raises(RunError, match=f"There is no run '{run.id}'"):
        store.get(run.id)
    assert store.restore(run.id).config.units == 7


def test_a_training_run_is_not_deleted(store, hold_lock):
    run = store.create(RunConfig())
    hold_lock(run)
    with pytest.raises(RunError, match="still training"):
        store.delete(run.id)


@pytest.mark.parametrize("run_id", ["", "..", "../x", "a/b", "nope-1", "A" * 50, ".hidden", "/etc"])
def test_an_id_from_a_link_never_becomes_a_path(store, run_id):
    for ask in (store.get, store.delete, store.restore):
        with pytest.raises(RunError):
            ask(run_id)


def test_what_is_written_about_a_run_is_kept_and_one_run_is_the_baseline(store):
    first, second = store.create(RunConfig()), store.create(RunConfig())
    store.update(first.id, name="first", note="wide", starred=True, baseline=True)
    store.update(second.id, baseline=True)
    assert [store.get(run.id).baseline for run in (first, second)] == [False, True]
    assert store.get(first.id).note == "wide"
    with pytest.raises(RunError, match="config"):
        store.update(first.id, config={})


def test_a_full_disk_is_a_sentence_and_the_old_file_stays(store, monkeypatch):
    run = store.create(RunConfig())

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(RunError, match="full"):
        store.update(run.id, name="lost")
    with pytest.raises(RunError, match="full"):
        store.create(RunConfig())
    monkeypatch.undo()
    assert store.get(run.id).name == ""
    assert [path.name for path in run.folder.iterdir() if path.name.startswith(".")] == []
    assert [found.id for found in store.runs() if not found.shipped] == [run.id]


def test_active_runs_stand_before_waiting_ones(store, hold_lock):
    waiting = store.create(RunConfig(), queued=True)
    running = store.create(RunConfig())
    hold_lock(running)
    write_events(running, STARTED)
    store.create(RunConfig())  # interrupted: not among them
    assert [run.id for run in store.active()] == [running.id, waiting.id]


def aged(run) -> None:
    """As if its folder had last been touched a minute ago: what is known of younger ones is not relied on."""
    for path in (run.folder / "run.json", run.folder):
        os.utime(path, (time.time() - 60,) * 2)


def test_a_run_that_is_known_is_not_read_again_until_it_changes(store: RunStore):
    run = store.create(RunConfig())
    aged(run)
    before = store.get(run.id)
    assert store.get(run.id) is before
    store.update(run.id, name="another")
    assert store.get(run.id).name == "another"


def test_a_finished_run_is_active_again_after_it_is_resumed(store: RunStore, hold_lock):
    run = store.create(RunConfig())
    write_events(run, STARTED, epoch(1), RunEnded("stopped", "", 2.0, epochs=1))
    aged(run)
    assert store.active() == []
    assert store.state(store.get(run.id)) == "stopped"
    files.write_json(run.folder / "queued", time.time())
    assert [waiting.id for waiting in store.active()] == [run.id]
    hold_lock(run)
    (run.folder / "queued").unlink()
    assert store.state(store.get(run.id)) == "starting"


def test_a_run_that_began_again_after_its_last_word_is_not_taken_as_ended(store: RunStore):
    run = store.create(RunConfig())
    write_events(run, STARTED, epoch(1), RunEnded("finished", "", 2.0, epochs=1), STARTED)
    assert store.state(run) == run.state == "interrupted"


@pytest.mark.parametrize("name", ["![x](https://example.org/x.png)", "a [![x](https://example.org/x.png)](//x)"])
def test_a_name_can_neither_fetch_a_picture_nor_lead_anywhere(tmp_path, name):
    store = RunStore(tmp_path)
    run = store.create(RunConfig(), name=name)
    assert "](" not in run.title + store.update(run.id, name=name).title + store.get(run.id).name


def test_what_two_visitors_say_of_a_run_at_once_is_kept_both(store: RunStore, monkeypatch):
    run = store.create(RunConfig())
    read = runs.read_json

    def slow(path: Path):
        facts = read(path)
        time.sleep(0.05)
        return facts

    monkeypatch.setattr(runs, "read_json", slow)
    with ThreadPoolExecutor(2) as visitors:
        list(visitors.map(lambda told: store.update(run.id, **told), [{"name": "mine"}, {"starred": True}]))
    found = store.get(run.id)
    assert (found.name, found.starred) == ("mine", True)
