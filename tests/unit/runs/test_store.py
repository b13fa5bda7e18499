"""Runs on disk: created, found, named, deleted, and set aside where their folders are damaged."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.config.run_config import RunConfig
from core.errors import HomeError, RunError
from core.runs import store as runs
from core.runs.data_match import DataInUse
from core.runs.events import RateChanged, RunEnded
from core.runs.gate import MAX_NAME
from core.runs.store import RunStore
from tests.faults.system import fill_disk
from tests.unit.runs.run_events import STARTED, epoch, write_events


def test_two_runs_of_one_second_and_one_chance_are_two(tmp_path, monkeypatch):
    store, drawn = RunStore(tmp_path), iter(["aaaa", "aaaa", "bbbb"] * 2)
    monkeypatch.setattr("core.runs.store.secrets.token_hex", lambda n: next(drawn))
    monkeypatch.setattr("core.runs.store.time.time", lambda: 1_000_000_000.0)
    first, second = store.create(RunConfig()), store.create(RunConfig())
    assert [first.id[-4:], second.id[-4:]] == ["aaaa", "bbbb"]
    assert len(store.runs()) == 3  # and the one that came with the project


def test_a_run_comes_back_as_it_was_made(store):
    made = store.create(RunConfig(units=64, seed=3), recipe="chollet", name="mine", starter="ada", sweep="s1")
    found = RunStore(store.home).get(made.id)
    assert found.config == RunConfig(units=64, seed=3)
    assert (found.recipe, found.name, found.starter, found.sweep) == ("chollet", "mine", "ada", "s1")
    assert found.title == "mine"


def test_a_name_that_is_too_long_keeps_its_end(store):
    # Repeats of a network with many layers had equal names: the seed was cut off.
    made = store.create(RunConfig(), name=f"{'conv32x3-' * 20}dense10 · seed 7")
    assert len(made.name) <= MAX_NAME
    assert made.name.startswith("conv32x3-conv32x3-")
    assert made.name.endswith("-dense10 · seed 7")
    assert "…" in made.name


def test_runs_are_listed_newest_first_each_with_its_own_colour(store):
    made = [store.create(RunConfig(seed=seed)) for seed in range(3)]
    listed = [run for run in store.runs() if not run.shipped]
    assert [run.id for run in listed] == [run.id for run in reversed(made)]
    assert [run.colour_index for run in made] == [1, 2, 3]  # the model that came with the project has the first


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
    store.write(same.id, data={"fingerprint": "a" * 16, "names": list("0123456789")})
    assert store.find_identical(RunConfig(), data=DataInUse("a" * 16, 10)).id == same.id
    assert store.find_identical(RunConfig(), data=DataInUse("b" * 16, 10)) is None


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

    fill_disk(monkeypatch, "fsync")
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
