"""Runs in memory are read again when their folders change."""

import os
import time

from core import files
from core.config.run_config import RunConfig
from core.runs.events import RunEnded
from core.runs.store import RunStore
from tests.unit.runs.run_events import STARTED, epoch, write_events


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
