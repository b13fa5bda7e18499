"""Events are read line by line, while the run goes on, and after a line that was cut short."""

import errno
import os
from pathlib import Path

import pytest

from core.config.run_config import RunConfig
from core.errors import RunError
from core.runs.events import Paused, RunEnded
from core.runs.run import Run
from core.runs.store import RunStore
from core.runs.timeline import EventFile
from tests.unit.runs.run_events import STARTED, batch, epoch, write_events


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return RunStore(tmp_path).create(RunConfig())


def test_half_a_line_is_not_read_and_does_not_spoil_the_next(run):
    write_events(run, STARTED)
    with run.events_path.open("ab") as file:
        file.write(b'{"event": "EpochDone", "st')
    events, offset = run.events()
    assert events == [STARTED]
    write_events(run, epoch(1))
    assert run.events(offset)[0] == [epoch(1)]
    assert run.epochs == [epoch(1)]


def test_events_are_read_by_increments(run):
    write_events(run, STARTED, batch(1))
    _, offset = run.events()
    assert run.events(offset) == ([], offset)
    write_events(run, batch(2))
    assert run.events(offset)[0] == [batch(2)]


def test_a_pause_says_at_which_step_the_run_is(run):
    """Of batches that are read at once, only one at the very end is looked at."""
    write_events(run, STARTED, batch(1), batch(2), Paused(2, 1, 0.2))
    assert run.step == 2


def test_a_really_full_device_is_a_sentence_too(run):
    file = EventFile(run.events_path)
    os.dup2(os.open("/dev/full", os.O_RDWR), file._file)
    with pytest.raises(RunError, match="full"):
        file.append(STARTED)
    file.close()


def test_a_line_that_a_full_disk_cut_short_does_not_swallow_the_last_word(run, monkeypatch):
    file = EventFile(run.events_path)
    write, room = os.write, [20]

    def nearly_full(descriptor, content):
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = write(descriptor, content[: room[0]])
        room[0] -= taken
        return taken

    monkeypatch.setattr(os, "write", nearly_full)
    with pytest.raises(RunError, match="full"):
        file.append(STARTED)
    monkeypatch.undo()  # the room that was set aside is free now
    last = RunEnded("failed", "The disk is full.", 1.0, epochs=0)
    file.append(last)
    file.close()
    assert run.events()[0] == [last]
