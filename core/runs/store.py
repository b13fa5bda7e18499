"""`RunStore`: each run is a folder. All processes read the same files, so all see the same runs and states.

runs/<id>/run.json        config, name, note and other facts about the run
          queued          the run waits for a device since the time in this file
          lock            held by the process that trains the run, and released when that process ends or is killed
          control.json    requests of visitors: pause, stop, another learning rate
          events.jsonl    the events of training, `RunEnded` last
          model.keras     the trained network
          epochs/0003.npz the weights after each epoch
          moments/00000016.npz a small snapshot after so many steps, to be shown
          state.npz       all that a resume after the last completed epoch needs
          stopped.npz     all that a resume at the step of a Stop needs
"""

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core.config.run_config import RunConfig
from core.errors import HomeError, RunError
from core.files import (
    STALE_SECONDS,
    explain_disk_errors,
    read_json,
    remove_temporary_files,
    sync_folder,
    write_json,
)
from core.home import home as default_home
from core.runs import file_names, gate, trash
from core.runs.data_match import DataInUse
from core.runs.events import FINISHED, INTERRUPTED
from core.runs.run import ACTIVE, PAUSED, RUNNING, SHIPPED, STARTING, WAITING, Run, describe
from core.runs.run_cache import MIN_STABLE_NS, RunCache
from core.runs.shared_list import SharedList
from core.runs.trash import RUN_ID

__all__ = (
    "ACTIVE",
    "INTERRUPTED",
    "MIN_STABLE_NS",
    "PAUSED",
    "RUNNING",
    "SHIPPED",
    "STARTING",
    "WAITING",
    "Run",
    "RunStore",
    "describe",
)  # fmt: skip

_SHIPPED_FOLDER = Path(__file__).parents[1] / "shipped"
INDEX = "runs.index.json"
_EDITABLE = {"name": "", "note": "", "starred": False, "baseline": False}


@dataclass(frozen=True)
class RunFacts:
    """What is known about a run when it is created, beside its config."""

    recipe: str = ""
    name: str = ""
    starter: str = ""  # the visitor who started it
    sweep: str = ""  # the id of its sweep
    forecast_seconds: float = 0.0  # 0: no forecast
    foreign: bool = False  # its network has other layers than those that the knobs describe
    assignment: str = ""  # the id of the assignment that it answers
    prediction: dict[str, str] | None = None  # as `Prediction.to_facts` has it


class RunStore:
    """All runs in a home folder (default: DIGIT_LAB_HOME). Any number of processes may use it at once.

    Raises `HomeError` if the folder cannot be read and written.
    """

    def __init__(self, home: Path | None = None) -> None:
        self.home = Path(home) if home else default_home()
        self.folder, self.trash = self.home / "runs", self.home / "trash"
        with _home_errors(self.home):
            self.folder.mkdir(parents=True, exist_ok=True)
            for folder in (self.home, self.folder):
                if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                    raise PermissionError(errno.EACCES, "no permission to read and write it")
        self._cache = RunCache(self.home / INDEX)
        self._list = SharedList(self._read_all)
        _remove_unfinished(self.folder)

    def create(self, config: RunConfig, *, queued: bool = False, **facts: Any) -> Run:
        """A new run, `queued` if it waits for a device; `facts` as in `RunFacts`. Raises `RunError` on a full disk."""
        now = time.time()
        run_id = self.new_id()
        facts["name"] = gate.fit_name(facts.get("name", ""))
        saved = {"config": config.to_dict(), **asdict(RunFacts(**facts)), "created": now, "colour": self.next_colour()}
        unseen = self.folder / f".{run_id}"  # renamed when all files are in it
        try:
            with explain_disk_errors(self.folder / run_id):
                (unseen / file_names.EPOCHS).mkdir(parents=True)
                write_json(unseen / file_names.FACTS, saved)
                if queued:
                    write_json(unseen / file_names.QUEUED, now)
                unseen.rename(self.folder / run_id)
                sync_folder(self.folder)
        finally:
            shutil.rmtree(unseen, ignore_errors=True)
        return self._changed(run_id)

    def runs(self) -> list[Run]:
        """Every readable run, newest first, and the shipped model last. A long list may be a moment old."""
        return self._list.get()

    def _read_all(self) -> list[Run]:
        folders = list(self._folders())
        found = [run for folder in folders if (run := self._cache.read(folder))]
        self._cache.save_index(folders)
        return sorted(found, key=lambda run: (run.shipped, -run.created, run.id))

    def get(self, run_id: str) -> Run:
        """Raises `RunError` if there is no such run, or if it cannot be read."""
        folder = _SHIPPED_FOLDER if run_id == SHIPPED else self.folder / run_id
        is_id = RUN_ID.fullmatch(run_id)  # only then a page may write it
        if not is_id or not (folder.is_dir() or folder.is_symlink()):
            name = f"'{run_id}'" if is_id else "with this name"
            raise RunError(f"There is no run {name}. Choose one from the list of runs.", received=run_id)
        run = self._cache.read(str(folder))
        if run is None:
            raise RunError(f"{self._cache.why_refused(str(folder))} Repair the folder, or delete the run.")
        return run

    def active(self) -> list[Run]:
        """The runs that train, then those that wait, each group oldest first."""
        states = [(ACTIVE.index(state), run) for run in self.runs() if (state := self.state(run)) in ACTIVE]
        states.sort(key=lambda pair: (pair[0] == ACTIVE.index(WAITING), pair[1].queued_since or 0.0, pair[1].created))
        return [run for _, run in states]

    def state(self, run: Run) -> str:
        """`run.state`, without reading the folder again once the run has ended: there may be hundreds of runs."""
        return self._cache.state(run)

    def find_identical(
        self, config: RunConfig, starter: str | None = None, data: DataInUse | None = None
    ) -> Run | None:
        """The newest run with exactly these knobs that is active or finished and was not changed while it trained.

        A run that `starter` started comes before those of others. data: runs of another data set are not identical.
        """
        same = [run for run in self.runs() if run.config == config and not run.shipped]
        same = [run for run in same if data is None or data.has_trained(run)]
        same.sort(key=lambda run: run.starter != starter)
        complete = (run for run in same if self.state(run) in (*ACTIVE, FINISHED))
        return next((run for run in complete if not run.rates and not run.is_personalised), None)

    def damaged(self) -> dict[str, str]:
        """The folders without a readable run, which are set aside: id → a sentence that says why."""
        unreadable = [folder for folder in self._folders() if not self._cache.read(folder)]
        return {Path(path).name: self._cache.why_refused(path) for path in unreadable if Path(path) != _SHIPPED_FOLDER}

    def update(self, run_id: str, **facts: Any) -> Run:
        """Sets `name`, `note`, `starred` or `baseline`. At most one run is the baseline."""
        unknown = set(facts) - set(_EDITABLE)
        facts = {name: gate.check_fact(name, value) for name, value in facts.items()}
        if unknown:
            raise RunError(f"Only {', '.join(_EDITABLE)} of a run can be set.", received=", ".join(sorted(unknown)))
        if facts.get("baseline"):
            for other in self.runs():
                if other.baseline and other.id != run_id:
                    self.write(other.id, baseline=False)
        return self.write(run_id, **facts)

    def write(self, run_id: str, **facts: Any) -> Run:
        """Replaces facts of a run, for example its config as a dict. Readers never see a part of them."""
        run = self.get(run_id)
        if run.shipped:
            raise RunError("The model that comes with Digit Lab is read-only. Train a run of your own and change that.")
        path = run.facts_path
        with run.exclusive():
            write_json(path, {**(read_json(path) or {}), **facts})
        return self._changed(run_id)

    def delete(self, run_id: str) -> None:
        """Moves the run, damaged or not, to the trash; `restore` moves it back."""
        trash.delete(run_id, self.folder, self.trash)
        self._list.changed()

    def restore(self, run_id: str) -> Run:
        """Moves a deleted run back."""
        trash.restore(run_id, self.folder, self.trash)
        return self._changed(run_id)

    def _changed(self, run_id: str) -> Run:
        """The run, after this process changed its folder: the next list has it."""
        self._list.changed()
        return self.get(run_id)

    def device_path(self, device: str) -> Path:
        """The lock of a device. The process that trains on the device holds it."""
        folder = self.home / "devices"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{device}.lock"

    def _folders(self) -> Iterator[str]:
        if (_SHIPPED_FOLDER / file_names.FACTS).exists():
            yield str(_SHIPPED_FOLDER)
        with _home_errors(self.home), suppress(FileNotFoundError), os.scandir(self.folder) as entries:
            for entry in entries:
                if RUN_ID.fullmatch(entry.name) and (entry.is_dir() or entry.is_symlink()):
                    yield entry.path

    def new_id(self, wanted: str = "") -> str:
        """An id that no run has, `wanted` if it is free. The time alone is not enough: a sweep is quick."""
        run_id = wanted
        while not RUN_ID.fullmatch(run_id) or (self.folder / run_id).exists() or (self.trash / run_id).exists():
            run_id = f"{datetime.fromtimestamp(time.time()):%y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        return run_id

    def next_colour(self) -> int:
        """The colour after that of the newest run; the shipped model has the first."""
        latest = next(iter(self.runs()), None)
        return 0 if latest is None else latest.colour_index + 1


@contextmanager
def _home_errors(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HomeError(
            f"The folder for data and runs cannot be used: {error.strerror}. "
            "Repair it, or set DIGIT_LAB_HOME to another folder.",
            received=str(home),
        ) from error


def _remove_unfinished(folder: Path) -> None:
    """Removes what a killed process left of a run that it was creating, once it is an hour old."""
    remove_temporary_files(folder)
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if RUN_ID.fullmatch(entry.name.removeprefix(".")) and entry.name.startswith("."):
                with suppress(OSError):
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > STALE_SECONDS:
                        shutil.rmtree(entry.path, ignore_errors=True)
