"""A run folder may come from anywhere. Each of these folders once overwrote a file, hung or broke pages."""

import json
import os
from pathlib import Path

import pytest

from core.config.run_config import RunConfig
from core.errors import RunError
from core.files import Lock
from core.runs import file_names, trash
from core.runs.checkpoints import read_arrays
from core.runs.control import ControlRequests
from core.runs.run import Run
from core.runs.store import RunStore
from core.runs.timeline import EventFile, read_events
from tests import hostile_runs
from tests.hostile_runs import STRANGE_EVENTS, STRANGE_FACTS, bomb, link, pipe, write_events, write_facts


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "home")


@pytest.fixture
def run(store: RunStore) -> Run:
    return store.create(RunConfig())


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text("private")
    return path


def own_runs(store: RunStore) -> list[str]:
    return [run.id for run in store.runs() if not run.shipped]


@pytest.mark.parametrize("name", sorted(file_names.MAX_BYTES))
def test_a_link_sets_the_run_aside_and_the_file_behind_it_stays(store, run, secret, name):
    other = store.create(RunConfig())
    (run.folder / "queued").write_text("1")  # once, this and the link at `lock` overwrote the file behind it
    link(run, name, secret)
    store = RunStore(store.home)
    assert own_runs(store) == [other.id]
    assert name in store.damaged()[run.id]
    with pytest.raises(RunError, match="set aside"):
        store.get(run.id)
    assert store.active() == []
    assert secret.read_text() == "private"


@pytest.mark.parametrize("name", ["epochs", "moments", "evaluations"])
def test_a_linked_folder_sets_the_run_aside(store, run, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if (run.folder / name).exists():
        (run.folder / name).rmdir()
    (run.folder / name).symlink_to(elsewhere)
    assert list(RunStore(store.home).damaged()) == [run.id]


def test_a_run_folder_that_is_a_link_is_set_aside_and_can_be_deleted(store, run, tmp_path):
    run.folder.rename(tmp_path / "elsewhere")
    run.folder.symlink_to(tmp_path / "elsewhere")
    assert "link" in store.damaged()[run.id]
    store.delete(run.id)
    assert (tmp_path / "elsewhere" / "run.json").exists()
    assert store.damaged() == {}


@pytest.mark.parametrize("name", ["run.json", "events.jsonl", "lock", "queued", "epochs/0001.npz"])
def test_a_pipe_hangs_nobody(store, run, name):
    pipe(run, name)
    assert list(RunStore(store.home).damaged()) == [run.id]


def test_what_reads_and_writes_a_file_follows_no_link_itself(run, secret):
    for name in ("lock", "events.jsonl", "control.json", "state.npz"):
        link(run, name, secret)
    with pytest.raises(RunError, match="regular file"):
        Lock(run.folder / "lock").acquire({})
    with pytest.raises(RunError, match="regular file"):
        EventFile(run.events_path)
    with pytest.raises(RunError):
        read_arrays(run.state_path)
    assert Lock(run.folder / "lock").holder() is None
    assert read_events(run.events_path) == ([], 0)
    ControlRequests(run).stop()  # it replaces the link by a file
    assert secret.read_text() == "private"
    assert not run.control_path.is_symlink()


def test_the_network_behind_a_link_is_not_downloaded(run, secret):
    link(run, "model.keras", secret)
    with pytest.raises(OSError, match=r"regular|symbolic"):
        run.read_model()


@pytest.mark.parametrize("facts", STRANGE_FACTS.values(), ids=STRANGE_FACTS)
def test_a_strange_value_in_run_json_sets_that_run_aside(store, run, facts):
    other = store.create(RunConfig())
    write_facts(run, **facts)
    assert own_runs(store) == [other.id]
    assert list(store.damaged()) == [run.id]


@pytest.mark.parametrize("event", STRANGE_EVENTS.values(), ids=STRANGE_EVENTS)
def test_a_strange_event_is_left_out(run, event):
    write_events(run, {"event": "Started"}, event)
    events = read_events(run.events_path)[0]
    assert [type(each).__name__ for each in events] == ["Started"]


def test_json_that_is_too_deep_or_too_large_is_damaged(store, run):
    for content in (b"[" * 100_000, b'{"config": {}, "note": "' + b"x" * 9_000_000 + b'"}'):
        (run.folder / "run.json").write_bytes(content)
        assert list(RunStore(store.home).damaged()) == [run.id]


def test_a_line_without_end_does_not_stop_the_events_after_it(run, monkeypatch):
    monkeypatch.setattr("core.runs.timeline._PIECE", 200_000)
    write_events(run, {"event": "Started"})
    line = run.events_path.read_bytes()
    run.events_path.write_bytes(line + b"x" * 900_000 + b"\n" + line)
    assert len(read_events(run.events_path)[0]) == 2


def test_control_characters_and_half_signs_of_a_name_become_spaces(store, run):
    write_facts(run, name="a\ud800b\n[1]: x\u202e", note="two\nlines\x00")
    found = store.get(run.id)
    assert found.name == "a b [1]: x "
    assert found.note == "two\nlines "
    found.title.encode()


def test_names_from_a_browser_have_a_length(store, run):
    with pytest.raises(RunError, match="120"):
        store.update(run.id, name="x" * 121)
    with pytest.raises(RunError, match="2,000"):
        store.update(run.id, note="x" * 10_000_000)
    assert store.update(run.id, note="x" * 2000).note == "x" * 2000


def test_archives_are_refused_before_they_take_memory(run, tmp_path):
    bomb(tmp_path / "bomb.npz")
    with pytest.raises(RunError, match="damaged"):
        read_arrays(tmp_path / "bomb.npz")


def test_strange_files_of_a_run_change_neither_the_queue_nor_other_runs(store):
    strange = hostile_runs.spoiled(store.create)
    other = store.create(RunConfig(), queued=True)
    fresh = RunStore(store.home)
    active = [run.id for run in fresh.active() if run.queued_since != 5]  # one folder waits since 5: that is a time
    assert active == [other.id]
    assert set(fresh.damaged()) <= {run.id for run in strange}
    for run in fresh.runs():
        _ = run.state, run.step, run.checkpoint_epochs, run.resume_point, run.paused_since, run.title


def test_a_deleted_run_does_not_replace_a_run_of_its_id(store, run):
    store.delete(run.id)
    (store.folder / run.id).mkdir()
    with pytest.raises(RunError, match="already a run"):
        store.restore(run.id)


def test_an_older_folder_without_newer_facts_stays_readable(store, run):
    (run.folder / "run.json").write_text(json.dumps({"config": {"units": 7}}))
    assert store.get(run.id).config.units == 7


def test_only_ones_own_deleted_runs_are_deleted_for_good(store):
    mine, other = store.create(RunConfig(), starter="a"), store.create(RunConfig(), starter="b")
    for each in (mine, other):
        store.delete(each.id)
    folders = trash.deleted_by("a", store.trash)
    assert [folder.name for folder in folders] == [mine.id]
    assert trash.size(folders) > 100
    trash.delete_for_good(folders)
    assert store.restore(other.id).id == other.id
    with pytest.raises(RunError, match="trash has no run"):
        store.restore(mine.id)


def test_on_a_nearly_full_disk_the_oldest_deleted_runs_go_for_good(store, monkeypatch):
    old, new = store.create(RunConfig()), store.create(RunConfig())
    monkeypatch.setattr(trash, "MIN_FREE_BYTES", 2**62)
    for each in (old, new):
        store.delete(each.id)
    assert [folder.name for folder in store.trash.iterdir()] == [new.id]


def test_what_a_killed_process_left_of_a_new_run_is_removed_after_an_hour(store):
    left = store.folder / ".261128-101010-abcd"
    (left / "epochs").mkdir(parents=True)
    RunStore(store.home)
    assert left.exists()
    os.utime(left, (1, 1))
    RunStore(store.home)
    assert not left.exists()
