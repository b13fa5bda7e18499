"""The index of all runs: after a restart, a long list is read from one file, and a changed folder is read again."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config.run_config import RunConfig
from core.files import write_json
from core.runs import run_cache, shared_list
from core.runs import store as runs
from core.runs.events import RunEnded
from core.runs.store import Run, RunStore
from tests.hostile_runs import link
from tests.unit.runs.run_events import STARTED, epoch, write_events

RUNS = 12


@pytest.fixture
def many(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Runs that ended a minute ago, in a home whose index was written."""
    monkeypatch.setattr(run_cache, "MIN_CHANGES", RUNS)
    made = [store.create(RunConfig(seed=seed), name=f"number {seed}") for seed in range(RUNS)]
    for run in made:
        write_events(run, STARTED, epoch(1), RunEnded("stopped", "", 2.0, epochs=1))
        for path in (run.folder / "run.json", run.folder):
            os.utime(path, (time.time() - 60,) * 2)
    another = RunStore(store.home)
    assert len(another.runs()) == RUNS + 1
    assert another.active() == []
    another.runs()
    another._cache.saving.join()
    return made


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The files that were opened since."""
    names: list[str] = []
    system_open = os.open

    def recorded(path, *rest, **others):
        names.append(str(path))
        return system_open(path, *rest, **others)

    monkeypatch.setattr(os, "open", recorded)
    return names


def test_after_a_restart_a_long_list_is_read_from_one_file(store, many, opened):
    fresh = RunStore(store.home)
    assert {run.name for run in fresh.runs() if not run.shipped} == {run.name for run in many}
    assert fresh.active() == []
    assert fresh.state(fresh.get(many[0].id)) == "stopped"
    inside = [name for name in opened if name.startswith(str(store.folder))]
    assert len(inside) < 5, inside  # each run folder would cost three


def test_a_list_that_is_known_opens_nothing_but_what_may_change(store, many, opened):
    fresh = RunStore(store.home)
    fresh.active()
    opened.clear()
    fresh.runs()
    fresh.active()
    assert len(opened) < 5, opened  # the shipped model and the folder itself


def test_a_folder_that_has_changed_is_examined_again(store, many):
    renamed, resumed, linked = many[:3]
    store.update(renamed.id, name="another")
    write_json(resumed.queued_path, time.time())
    link(linked, "state.npz", Path("/etc/hostname"))
    fresh = RunStore(store.home)
    assert fresh.get(renamed.id).name == "another"
    assert [run.id for run in fresh.active()] == [resumed.id]
    assert list(fresh.damaged()) == [linked.id]


@pytest.mark.parametrize("content", [b"", b"[" * 50_000, b"5", b'{"version": 1, "runs": {"a": 5}}', b"\xff"])
def test_a_damaged_index_is_as_none(store, many, content):
    (store.home / runs.INDEX).write_bytes(content)
    assert len(RunStore(store.home).runs()) == RUNS + 1


def test_a_strange_value_in_the_index_sets_its_run_aside_and_no_other(store, many):
    path = store.home / runs.INDEX
    saved = json.loads(path.read_bytes())
    saved["runs"][many[0].id][1]["colour"] = "blue"
    saved["runs"][many[1].id][2] = "sunny"
    path.write_text(json.dumps(saved))
    fresh = RunStore(store.home)
    assert len(fresh.runs()) == RUNS
    assert fresh.state(fresh.get(many[1].id)) == "stopped"


def test_a_long_list_is_shared_for_a_moment_and_has_what_this_process_changes(store, many, monkeypatch):
    monkeypatch.setattr(shared_list, "MANY_RUNS", RUNS // 2)
    listed = store.runs()
    asked: list[None] = []
    folders = RunStore._folders
    monkeypatch.setattr(RunStore, "_folders", lambda self: asked.append(None) or folders(self))
    assert store.runs() == listed
    assert not asked
    new = store.create(RunConfig(), name="new")
    assert store.runs()[0].id == new.id
    store.delete(new.id)
    assert store.runs() == listed
    store.restore(new.id)
    assert store.runs()[0].id == new.id
