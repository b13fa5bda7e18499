"""Disks and folders that fail while the program runs: what a page says, and what stays."""

import errno
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core.config.run_config import RunConfig
from core.errors import RunError
from core.jobs.sweep import SweepPlan, SweepStore
from core.jobs.sweep_axes import read_axis
from core.runs.checkpoints import TrainingState, write_state
from core.runs.control import ControlRequests
from core.runs.events import EpochDone, RunEnded
from core.runs.store import Run, RunStore
from core.runs.timeline import EventFile
from tests import made_runs
from tests.faults.system import refuse

SMALL = RunConfig(hidden_layers=0, epochs=1)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "The disk that holds .* is full, so nothing can be saved. Free some space"),
        (errno.EROFS, "Digit Lab is not allowed to write in .*. Change the folder's permissions, or set"),
        (errno.EACCES, "Digit Lab is not allowed to write in .*. Change the folder's permissions, or set"),
    ],
)
def test_what_visitors_ask_of_a_home_that_cannot_be_written_in(store, monkeypatch, number, sentence):
    run = made_runs.make(store, SMALL, points=2)
    refuse(monkeypatch, store.home, number)
    for ask in (
        lambda: store.create(SMALL, queued=True),
        lambda: store.update(run.id, name="another"),
        lambda: ControlRequests(run).stop(),
        lambda: write_state(run.state_path, TrainingState(1, {}, {})),
        lambda: EventFile(run.events_path),
    ):
        with pytest.raises(RunError, match=sentence):
            ask()
    assert store.get(run.id).name == ""
    assert not list(store.folder.glob(".2*")), "half a run is left"


def _write_facts(home: Path, run_id: str, name: str, times: int) -> None:
    store = RunStore(home)
    for _ in range(times):
        store.write(run_id, **{name: True})
        ControlRequests(store.get(run_id))._set(**{name: True})
        store.write(run_id, **{name: False})


def test_two_servers_on_one_home_lose_no_fact_and_no_request_of_each_other(store, tmp_path):
    run = store.create(SMALL)
    names = ("starred", "baseline", "imported")
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=_write_facts, args=(tmp_path, run.id, name, 15)) for name in names[:2]]
    for writer in writers:
        writer.start()
    _write_facts(tmp_path, run.id, names[2], 15)
    for writer in writers:
        writer.join(30)
        assert writer.exitcode == 0
    facts = RunStore(tmp_path).get(run.id)
    assert (facts.starred, facts.baseline, facts.imported) == (False, False, False)
    assert set(ControlRequests(run).read()) == set(names)


@pytest.fixture
def promised(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files and folders that were written through to the disk."""
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(Path(os.readlink(f"/proc/self/fd/{file}"))))
    return synced


def _promises() -> dict[str, Callable[[RunStore, Run], list[Path]]]:
    """What a page promises to keep → the names that must be on the disk by then, as folders and files."""

    def events(store: RunStore, run: Run) -> list[Path]:
        file = EventFile(run.events_path)
        file.append(EpochDone(1, 1, 1.0, 1.0, 0.5, 0.1))
        file.append(RunEnded("finished", "", 1.0, 1))
        file.close()
        return [run.events_path]

    def state(store: RunStore, run: Run) -> list[Path]:
        write_state(run.state_path, TrainingState(1, {}, {}))
        return [run.folder]

    def new_run(store: RunStore, run: Run) -> list[Path]:
        store.create(SMALL, queued=True)
        return [store.folder]

    def name(store: RunStore, run: Run) -> list[Path]:
        store.update(run.id, name="x")
        return [run.folder]

    def sweep(store: RunStore, run: Run) -> list[Path]:
        plan = SweepPlan("grid", SMALL, (read_axis("units", "16, 32"),))
        return [SweepStore(store).create(plan, name="", starter="").folder]

    def restored(store: RunStore, run: Run) -> list[Path]:
        store.delete(run.id)
        store.restore(run.id)
        return [store.folder]

    return {each.__name__: each for each in (events, state, new_run, name, sweep, restored)}


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system does not say which file a number means")
@pytest.mark.parametrize("promise", _promises().values(), ids=_promises().keys())
def test_what_was_promised_is_on_the_disk_before_the_page_says_so(store, promised, promise):
    run = store.create(SMALL)
    promised.clear()
    for path in promise(store, run):
        assert path in promised, promised
