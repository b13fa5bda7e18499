"""What visitors ask of a run that trains: pause, stop, another learning rate; and whether anybody watches it.

A small file in its folder says it.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from core.config.run_config import KNOBS
from core.errors import ConfigError, DigitLabError
from core.files import read_json, write_json
from core.runs.run import Run
from core.untrusted import number

WATCHED_SECONDS = 3.0  # after a look at a run, somebody still watches it for so long


class ControlRequests:
    """The writing side. Each method returns at once; the run follows after its current engine call."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def clear(self) -> None:
        """Deletes the requests to an earlier training of the same run."""
        self.run.control_path.unlink(missing_ok=True)

    def stop(self) -> None:
        self._set(stop=True)

    def yield_device(self) -> None:
        """Stops a paused run because others wait for its device."""
        self._set(stop=True, gave_way=True)

    def pause(self) -> None:
        self._set(paused=True, until_epoch=0, asked=time.time())

    def resume(self) -> None:
        self._set(paused=False, asked=time.time())

    def step(self) -> None:
        """Trains to the end of the current epoch, or of the next one, and pauses there."""
        self._set(paused=True, until_epoch=len(self.run.epochs) + 1, asked=time.time())

    def learning_rate(self, rate: float) -> None:
        """Raises `ConfigError` for a rate out of range."""
        rate = KNOBS["learning_rate"].check("learning_rate", rate, float)
        self._set(learning_rate=rate, rate_wished=time.time())

    def note_look(self) -> None:
        """Notes that somebody looks at the run now. A page calls it at each refresh; few of these calls write."""
        since = time.time() - _number(self.read().get("watched"))
        if not 0 <= since < WATCHED_SECONDS / 2:
            with suppress(DigitLabError, OSError):  # a full disk or a deleted run; pages report these themselves
                self._set(watched=time.time())

    def read(self) -> dict[str, Any]:
        saved = read_json(self.run.control_path)
        return saved if isinstance(saved, dict) else {}

    def _set(self, **requests: Any) -> None:
        with self.run.exclusive():
            write_json(self.run.control_path, {**self.read(), **requests})


class ControlReader:
    """The reading side; `training.trainer` asks it after each engine call. It reads the file only if it has changed."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._stopped = False
        self._file_version = 0
        self._requests: dict[str, Any] = {}
        self._rate_handled_at = 0.0
        self._look: Any = None
        self._looked_at = 0.0  # on this process' own clock: the page may be on another machine

    def stop(self) -> None:
        """Stops the run from inside its process."""
        self._stopped = True

    def should_stop(self) -> bool:
        return self._stopped or bool(self.requests().get("stop"))

    @property
    def has_yielded(self) -> bool:
        """Whether the run was stopped so that others can train."""
        return bool(self.requests().get("gave_way"))

    def is_paused(self, epochs: int) -> bool:
        """Whether the run waits now; `epochs` are completed."""
        requests = self.requests()
        paused = bool(requests.get("paused")) and epochs >= _number(requests.get("until_epoch"))
        return paused and not self.should_stop()

    def learning_rate(self) -> float | None:
        """A rate that a visitor set, once."""
        requests = self.requests()
        requested_at = _number(requests.get("rate_wished"))
        if requested_at == self._rate_handled_at:  # not <=: a clock may be set back
            return None
        self._rate_handled_at = requested_at
        try:
            return float(KNOBS["learning_rate"].check("learning_rate", requests.get("learning_rate"), float))
        except ConfigError:
            return None

    def is_watched(self) -> bool:
        """Whether somebody has looked at the run in the last seconds. Any thread may ask."""
        look = self._read_file().get("watched")
        if look != self._look:
            self._look, self._looked_at = look, time.monotonic()
        return look is not None and time.monotonic() - self._looked_at < WATCHED_SECONDS

    def requests(self) -> dict[str, Any]:
        """What is asked of the run now."""
        return self._read_file()

    def _read_file(self) -> dict[str, Any]:
        try:
            status = self.run.control_path.lstat()
            changed = status.st_mtime_ns ^ status.st_ino
        except OSError:
            changed = 0
        if changed != self._file_version:
            requests = read_json(self.run.control_path)
            self._requests = requests if isinstance(requests, dict) else {}
            self._file_version = changed
        return self._requests


def merge_requests(requests: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What is asked of several runs that train together. Whoever asked last decides; a stop of one stops all."""
    found: dict[str, Any] = {}
    for when, names in (("asked", ("paused", "until_epoch")), ("rate_wished", ("learning_rate", "rate_wished"))):
        newest = max(requests, key=lambda each: _number(each.get(when)))
        found |= {name: newest[name] for name in names if name in newest}
    return found | {name: any(bool(each.get(name)) for each in requests) for name in ("stop", "gave_way")}


def _number(value: Any) -> float:
    """A number of a control file, which anything may have written; 0 for anything else."""
    with suppress(ValueError):
        return number(value)
    return 0.0
