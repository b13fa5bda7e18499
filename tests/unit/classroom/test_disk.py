"""How much disk runs take, and which of them make room for new ones."""

import time

import pytest

from core.classroom import disk
from core.config.run_config import RunConfig
from core.runs.events import FINISHED, RunEnded, to_line
from core.runs.store import Run, RunStore

KILOBYTES = 1000


def ended(store: RunStore, kilobytes: int = 100) -> Run:
    run = store.create(RunConfig())
    run.events_path.write_text(to_line(RunEnded(FINISHED, "", time.time(), 0)))
    (run.folder / "epochs" / "0001.npz").write_bytes(bytes(kilobytes * KILOBYTES))
    return run


def test_runs_and_the_trash_count(store):
    first, second = ended(store), ended(store)
    both = disk.used(store.home, fresh=True)
    assert both == pytest.approx(200 * KILOBYTES, rel=0.05)
    store.delete(first.id)
    assert disk.used(store.home, fresh=True) == pytest.approx(both, abs=100), "the trash takes disk, too"
    (second.folder / "epochs" / "0002.npz").write_bytes(bytes(50 * KILOBYTES))
    assert disk.used(store.home, fresh=True) == pytest.approx(250 * KILOBYTES, rel=0.05)


def test_the_trash_goes_first_and_then_the_oldest_runs_but_none_that_matters(store):
    starred, baseline, assigned, oldest, training, newest = (ended(store) for _ in range(6))
    store.update(starred.id, starred=True)
    store.update(baseline.id, baseline=True)
    training.queued_path.write_text("5.0")
    deleted = ended(store)
    store.delete(deleted.id)

    def make_room(kilobytes: int) -> set[str]:
        disk.make_room(store, kilobytes * KILOBYTES, keep=lambda run: run.id == assigned.id)
        return {run.id for run in store.runs() if not run.shipped}

    everything = {run.id for run in (starred, baseline, assigned, oldest, training, newest)}
    assert make_room(650) == everything
    assert not list(store.trash.iterdir())
    assert make_room(550) == everything - {oldest.id}
    assert make_room(0) == everything - {oldest.id}, "the newest alone would not be enough, so it stays"
    assert make_room(450) == everything - {oldest.id, newest.id}
    assert not list(store.trash.iterdir())


def test_nothing_is_deleted_where_there_is_room(store):
    run = ended(store)
    store.delete(run.id)
    disk.make_room(store, 1000 * KILOBYTES, keep=lambda run: False)
    assert store.restore(run.id)
