"""What visitors want of a run that trains, through one small file in its folder, and how the run obeys."""

import math
import threading
import time
from collections.abc import Callable
from typing import Any

from core.config.run_config import KNOBS
from core.errors import ConfigError
from core.files import read_json, write_json
from core.runs.events import BatchDone, EpochDone, Event, Paused, Started
from core.runs.store import Run

POLL_SECONDS = 0.05  # how often a held run looks whether it may go on
_writing = threading.Lock()


class ControlRequests:
    """The writing side. Each method returns at once; the run obeys after its present engine call."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def clear(self) -> None:
        """Forgets what was wished of an earlier training of the same run."""
        self.run.control_path.unlink(missing_ok=True)

    def stop(self) -> None:
        self._set(stop=True)

    def yield_device(self) -> None:
        """Stops a run that is paused, for others wait for its device."""
        self._set(stop=True, gave_way=True)

    def pause(self) -> None:
        self._set(paused=True, until_epoch=0)

    def resume(self) -> None:
        self._set(paused=False)

    def step(self) -> None:
        """Trains to the end of the epoch it is in, or of the next one, and holds there."""
        self._set(paused=True, until_epoch=len(self.run.epochs) + 1)

    def learning_rate(self, rate: float) -> None:
        """Raises `ConfigError` for a rate that is none."""
        rate = KNOBS["learning_rate"].check("learning_rate", rate, float)
        self._set(learning_rate=rate, rate_wished=time.time())

    def read(self) -> dict[str, Any]:
        saved = read_json(self.run.control_path)
        return saved if isinstance(saved, dict) else {}

    def _set(self, **requests: Any) -> None:
        with _writing:
            write_json(self.run.control_path, {**self.read(), **requests})


class ControlReader:
    """The reading side, asked by `training.train` after each engine call. It reads the file only when that changed."""

    def __init__(self, run: Run, emit: Callable[[Event], None]) -> None:
        self.run, self.say = run, emit
        self.ended = False  # set from outside, by a signal
        self.diverged = ""  # why the run stops by itself
        self._file_version = 0
        self._requests: dict[str, Any] = {}
        self._rate_handled_at = 0.0
        self._last_progress: BatchDone | EpochDone = EpochDone(0, 0, 0.0, 0.0, 0.0, 0.0)
        self._epochs = 0

    def on_event(self, event: Event) -> None:
        """Takes note of what the run says, to know where it is."""
        if isinstance(event, Started):
            self._epochs = event.from_epoch
        elif isinstance(event, (BatchDone, EpochDone)):
            self._last_progress = event
            if isinstance(event, EpochDone):
                self._epochs = event.epoch
            if not math.isfinite(event.loss):
                self.diverged = (
                    f"The loss is no longer a number since step {event.step}, in epoch {event.epoch}: the steps "
                    "were so long that the weights ran away. Lower the learning rate tenfold "
                    f"(it was {self.run.config.learning_rate:g})."
                )

    def should_stop(self) -> bool:
        return self.ended or bool(self.diverged) or bool(self._read_requests().get("stop"))

    @property
    def has_yielded(self) -> bool:
        """Whether it was stopped so that others can train."""
        return bool(self._read_requests().get("gave_way"))

    def wait_while_paused(self) -> None:
        """Returns when training may go on."""
        if not self._is_paused():
            return
        self.say(Paused(self._last_progress.step, self._last_progress.epoch, self._last_progress.seconds))
        while self._is_paused():
            time.sleep(POLL_SECONDS)

    def learning_rate(self) -> float | None:
        """A rate wished by hand, once."""
        requests = self._read_requests()
        requested_at = float(requests.get("rate_wished", 0.0))
        if requested_at == self._rate_handled_at:  # not <=: a clock may be set back
            return None
        self._rate_handled_at = requested_at
        try:
            return float(KNOBS["learning_rate"].check("learning_rate", requests.get("learning_rate"), float))
        except ConfigError:
            return None

    def _is_paused(self) -> bool:
        requests = self._read_requests()
        paused = bool(requests.get("paused")) and self._epochs >= int(requests.get("until_epoch", 0))
        # A pause within an epoch holds at once; the next rate is heard while it holds, and set when it goes on.
        return paused and not self.should_stop()

    def _read_requests(self) -> dict[str, Any]:
        try:
            status = self.run.control_path.stat()
            changed = status.st_mtime_ns ^ status.st_ino
        except OSError:
            changed = 0
        if changed != self._file_version:
            self._file_version = changed
            requests = read_json(self.run.control_path)
            self._requests = requests if isinstance(requests, dict) else {}
        return self._requests
