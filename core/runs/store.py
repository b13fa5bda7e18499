"""`RunStore`: one folder a run. The folder is the truth: whoever looks at it, whatever has happened, sees the same.

runs/<id>/run.json        config, name, note and the rest of what is said about the run
          queued          waits for a device since the time written in it
          lock            held by the process that trains it; free again when that process ends, however it ends
          control.json    what visitors want of it: pause, stop, another learning rate
          events.jsonl    what training says, `RunEnded` last
          model.keras     the network as it ended
          epochs/0003.npz the weights after each epoch
          moments/00000016.npz a small snapshot after so many steps, to be shown
          state.npz       all that a resume needs
"""

import errno
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core.config.run_config import RunConfig
from core.data import mnist
from core.errors import DigitLabError, HomeError, RunError
from core.files import Lock, explain_disk_errors, read_json, write_json
from core.runs.events import FINISHED, INTERRUPTED
from core.runs.run import ACTIVE, PAUSED, RUNNING, SHIPPED, STARTING, WAITING, Run, describe
from core.runs.timeline import Timeline, last_word

__all__ = (
    "ACTIVE", "INTERRUPTED", "PAUSED", "RUNNING", "SHIPPED", "STARTING", "WAITING", "Run", "RunStore", "describe",
)  # fmt: skip

KEPT_IN_TRASH = 50
_SHIPPED_FOLDER = Path(__file__).parents[1] / "shipped"
_ID = re.compile(r"[0-9a-z][0-9a-z-]{2,40}")
_TOLD = {"name": "", "note": "", "starred": False, "baseline": False}
_WRITING = threading.Lock()  # visitors are threads: between reading a run's facts and writing them nobody else writes
TICK = 100_000_000  # nanoseconds; of a folder changed that recently, another change might leave the same time


@dataclass
class _Known:
    """A run as it was read, and the times of its folder and its run.json then. `settled`: its state, once it is over.

    Whatever begins a run anew makes or removes a file in its folder, so that what is known of it lasts till then.
    """

    stamp: tuple[int, int, int]
    run: Run
    settled: str = ""


class RunStore:
    """All runs below `home` (DIGIT_LAB_HOME unless told otherwise). Any number of processes may use it at once.

    Raises `HomeError` where nothing can be kept there.
    """

    def __init__(self, home: Path | None = None) -> None:
        self.home = Path(home) if home else mnist.home()
        self.folder, self.trash = self.home / "runs", self.home / "trash"
        with self._home_errors():
            self.folder.mkdir(parents=True, exist_ok=True)
            for folder in (self.home, self.folder):
                if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                    raise PermissionError(errno.EACCES, "it may not be read and written in")
        self._timelines: dict[Path, Timeline] = {}
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def create(
        self,
        config: RunConfig,
        *,
        recipe: str = "",
        name: str = "",
        starter: str = "",
        sweep: str = "",
        forecast_seconds: float = 0.0,
        queued: bool = False,
    ) -> Run:
        """A new run that has not begun; `queued`: it waits for a device. Raises `RunError` where the disk is full."""
        now = time.time()
        run_id = self._free_id(now)
        facts: dict[str, Any] = {
            "config": config.to_dict(),
            "recipe": recipe,
            "name": name,
            "starter": starter,
            "sweep": sweep,
        }
        facts |= {"created": now, "colour": self._next_colour(), "forecast_seconds": forecast_seconds}
        unseen = self.folder / f".{run_id}"  # a folder is seen when all of it is there
        try:
            with explain_disk_errors(self.folder / run_id):
                (unseen / "epochs").mkdir(parents=True)
                write_json(unseen / "run.json", facts)
                if queued:
                    write_json(unseen / "queued", now)
                unseen.rename(self.folder / run_id)
        finally:
            shutil.rmtree(unseen, ignore_errors=True)
        return self.get(run_id)

    def runs(self) -> list[Run]:
        """Every run that can be read, newest first; the shipped one comes last."""
        found = [run for folder in self._folders() if (run := self._read(folder))]
        return sorted(found, key=lambda run: (run.shipped, -run.created, run.id))

    def get(self, run_id: str) -> Run:
        """Raises `RunError` where there is no such run, or it cannot be read."""
        folder = _SHIPPED_FOLDER if run_id == SHIPPED else self.folder / run_id
        if not _ID.fullmatch(run_id) or not folder.is_dir():
            raise RunError(f"There is no run of that name. Received: {run_id!r}. Choose one from the list of runs.")
        run = self._read(str(folder))
        if run is None:
            raise RunError(
                f"The run {run_id} is damaged: its run.json is missing or cannot be read. "
                "Put the file back, or move the run to the trash."
            )
        return run

    def active(self) -> list[Run]:
        """The runs that train, then those that wait, each oldest first."""
        states = [(ACTIVE.index(state), run) for run in self.runs() if (state := self.state(run)) in ACTIVE]
        states.sort(key=lambda pair: (pair[0] == ACTIVE.index(WAITING), pair[1].queued_since or 0.0, pair[1].created))
        return [run for _, run in states]

    def state(self, run: Run) -> str:
        """`run.state`; of a run that is over it is known without looking again, which hundreds of runs need."""
        known = self._known.get(run.path)
        if known and known.run is run and known.settled:
            return known.settled
        over = not run.shipped and run.holder is None and run.queued_since is None
        ended = last_word(run.events_path) if over else None
        state = ended.outcome if ended else run.state
        if known and known.run is run and over and state not in ACTIVE:
            known.settled = state
        return state

    def like(self, config: RunConfig, starter: str | None = None) -> Run | None:
        """The newest run with exactly these knobs that came to its end, or is about to, with nothing done by hand.

        One that `starter` began goes before those of others.
        """
        same = (run for run in self.runs() if run.config == config and not run.shipped)
        told = (run for run in same if run.active or run.state == FINISHED)
        alike = [run for run in told if not run.rates and not run.taught]
        return next((run for run in alike if run.starter == starter), next(iter(alike), None))

    def damaged(self) -> list[str]:
        """The ids of the folders that hold no readable run."""
        unread = [Path(folder) for folder in self._folders() if not self._read(folder)]
        return [folder.name for folder in unread if folder != _SHIPPED_FOLDER]

    def update(self, run_id: str, **told: Any) -> Run:
        """Sets `name`, `note`, `starred` or `baseline`. One run at most is the baseline."""
        unknown = set(told) - set(_TOLD)
        if unknown:
            raise RunError(f"Of a run one may set {', '.join(_TOLD)}. Received: {', '.join(sorted(unknown))}.")
        if told.get("baseline"):
            for other in self.runs():
                if other.baseline and other.id != run_id:
                    self.write(other.id, baseline=False)
        return self.write(run_id, **told)

    def write(self, run_id: str, **facts: Any) -> Run:
        """Writes facts of a run anew, its config as a dict among them; what others see of it is whole at any time."""
        run = self.get(run_id)
        if run.shipped:
            raise RunError(
                "The model that came with Digit Lab can only be read. Train a run of your own and change that."
            )
        path = run.folder / "run.json"
        with _WRITING:
            write_json(path, {**read_json(path), **facts})
        return self.get(run_id)

    def delete(self, run_id: str) -> None:
        """Moves the run, damaged or not, to the trash, from where `restore` fetches it back."""
        if run_id == SHIPPED or not _ID.fullmatch(run_id) or not (self.folder / run_id).is_dir():
            raise RunError(f"There is no run that could be deleted. Received: {run_id!r}. Choose one from the list.")
        if Lock(self.folder / run_id / "lock").holder() is not None:
            raise RunError(f"Run {run_id} is still training. Stop it, then delete it.")
        self.trash.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.trash / run_id, ignore_errors=True)
        (self.folder / run_id).rename(self.trash / run_id)
        self._forget_oldest()

    def restore(self, run_id: str) -> Run:
        """Fetches a deleted run back."""
        if not _ID.fullmatch(run_id) or not (self.trash / run_id).is_dir():
            raise RunError(f"The trash holds no run of that name. Received: {run_id!r}. It may have been emptied.")
        (self.trash / run_id).rename(self.folder / run_id)
        return self.get(run_id)

    def device_path(self, device: str) -> Path:
        """The lock of a device; the process that computes on it holds it."""
        folder = self.home / "devices"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{device}.lock"

    def _folders(self) -> Iterator[str]:
        if (_SHIPPED_FOLDER / "run.json").exists():
            yield str(_SHIPPED_FOLDER)
        with self._home_errors(), suppress(FileNotFoundError), os.scandir(self.folder) as entries:
            yield from (entry.path for entry in entries if _ID.fullmatch(entry.name) and entry.is_dir())

    @contextmanager
    def _home_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise HomeError(
                "The folder in which data and runs are kept must be one that can be read and written in. "
                f"Received: {str(self.home)!r} ({error.strerror}). Mend that, or set DIGIT_LAB_HOME to another."
            ) from error

    def _read(self, path: str) -> Run | None:
        now, stamp = time.time_ns(), _stamp(path)
        known = self._known.get(path)
        if known and known.stamp == stamp:
            return known.run
        folder = Path(path)
        with self._lock:
            timeline = self._timelines.setdefault(folder, Timeline(folder / "events.jsonl"))
        facts = read_json(folder / "run.json")
        try:
            run = Run(folder, facts, timeline)
        except (DigitLabError, TypeError, KeyError, ValueError, AttributeError):
            return None
        if now - max(stamp[:2]) > TICK:
            self._known[path] = _Known(stamp, run)
        return run

    def _free_id(self, now: float) -> str:
        """A sweep makes dozens of runs a second, and four digits of chance are not enough to tell them all apart."""
        while True:
            run_id = f"{datetime.fromtimestamp(now):%y%m%d-%H%M%S}-{secrets.token_hex(2)}"
            if not (self.folder / run_id).exists() and not (self.trash / run_id).exists():
                return run_id

    def _next_colour(self) -> int:
        """The one after the latest run's; the model that came with the project has the first."""
        latest = next(iter(self.runs()), None)
        return 0 if latest is None else latest.colour_index + 1

    def _forget_oldest(self) -> None:
        deleted = sorted(self.trash.iterdir(), key=lambda folder: folder.stat().st_ctime)
        for folder in deleted[:-KEPT_IN_TRASH]:
            shutil.rmtree(folder, ignore_errors=True)


def _stamp(folder: str) -> tuple[int, int, int]:
    """What differs once run.json, or a file of the folder, was made, exchanged or removed."""
    try:
        here, facts = os.stat(folder), os.stat(f"{folder}/run.json")
    except OSError:
        return 0, 0, 0
    return here.st_mtime_ns, facts.st_mtime_ns, facts.st_ino
