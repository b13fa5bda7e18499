"""Whether anybody watches a run: the page notes it, and the worker asks."""

import pytest

from core.config.run_config import RunConfig
from core.runs import control
from core.runs.control import WATCHED_SECONDS, ControlReader, ControlRequests
from core.runs.store import RunStore


@pytest.fixture
def run(tmp_path):
    return RunStore(tmp_path).create(RunConfig())


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(control.time, "time", lambda: now[0])
    monkeypatch.setattr(control.time, "monotonic", lambda: now[0])
    return now


def test_a_run_is_watched_for_some_seconds_after_a_look(run, clock):
    reader = ControlReader(run)
    assert not reader.is_watched()
    ControlRequests(run).note_look()
    assert reader.is_watched()
    clock[0] += WATCHED_SECONDS - 0.1
    assert reader.is_watched()
    clock[0] += 0.2
    assert not reader.is_watched()
    ControlRequests(run).note_look()
    assert reader.is_watched()


def test_many_looks_write_rarely(run, clock):
    requests = ControlRequests(run)
    requests.note_look()
    written = run.control_path.stat().st_mtime_ns
    for _ in range(10):
        clock[0] += 0.1
        requests.note_look()
    assert run.control_path.stat().st_mtime_ns == written
    clock[0] += WATCHED_SECONDS / 2
    requests.note_look()
    assert run.control_path.stat().st_mtime_ns != written


def test_a_look_changes_no_request(run, clock):
    ControlRequests(run).pause()
    ControlRequests(run).note_look()
    reader = ControlReader(run)
    assert reader.is_paused(0)
    assert not reader.should_stop()


def test_a_look_at_a_run_that_is_gone_is_no_error(run):
    RunStore(run.folder.parents[1]).delete(run.id)
    ControlRequests(run).note_look()
    assert not run.folder.exists()


def test_the_clock_of_the_page_may_be_wrong(run, clock):
    """The page may be on another machine, or somebody sets the clock back."""
    ControlRequests(run).note_look()
    clock[0] -= 500
    reader = ControlReader(run)
    assert reader.is_watched()
    ControlRequests(run).note_look()
    assert ControlRequests(run).read()["watched"] == clock[0]
