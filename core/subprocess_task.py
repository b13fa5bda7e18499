"""Work in a process of its own, seen from any page by three files: beside NAME.npz or NAME.json

NAME.lock    held while the process lives, and free again when it ends, however it ends
NAME.json    how far it is, what it came to, or what went wrong
NAME.log     what it printed
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from core.files import Lock, read_json, write_json

_ROOT = Path(__file__).parents[1]
_WRITE_INTERVAL = 0.2  # seconds between two notes of the progress
_TIMEOUT = 10.0  # seconds for a process to be up, or to end


class ReportProgress(Protocol):
    """Called by the work with the share that is done, 0 to 1, and with what it does now, if that is to be shown."""

    def __call__(self, share: float, message: str = "") -> None: ...


class Progress(NamedTuple):
    """How far the work is."""

    running: bool
    share: float = 0.0  # done, 0 to 1
    seconds_left: float | None = None  # None: too early to say
    error: str = ""  # a sentence, if the last attempt failed
    message: str = ""  # what it does now


class SubprocessTask:
    """One piece of work, whoever started it. `path`: where its files lie, with any suffix."""

    def __init__(self, path: Path) -> None:
        self._state_path, self._log_path = path.with_suffix(".json"), path.with_suffix(".log")
        self._lock = Lock(path.with_suffix(".lock"))

    def progress(self) -> Progress:
        running = self._lock.holder() is not None
        state = self._read_state()  # after that look: what has ended writes no more
        share = float(state.get("share", 0.0))
        if not running:
            unfinished = "share" in state and share < 1
            no_reason = f"The process ended in the middle of it; {self._log_path.name} may say why. Begin it again."
            return Progress(running=False, error=str(state.get("error", no_reason if unfinished else "")))
        seconds = time.time() - float(state.get("started", time.time()))
        left = seconds * (1 - share) / share if share > 0.02 else None
        return Progress(True, share, left, message=str(state.get("words", "")))

    def result(self) -> Any:
        """What the work came to, as JSON has it; None until it is there."""
        return self._read_state().get("result")

    def start(self, *command: str, **environment: str) -> None:
        """Begins `python -m` `command`, unless it is under way already; comes back when the process is up."""
        if self.progress().running:
            return
        self._state_path.parent.mkdir(parents=True, exist_ok=True)
        self._state_path.unlink(missing_ok=True)
        with self._log_path.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=_ROOT,
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _TIMEOUT
        while self._lock.holder() is None and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)  # until the process is up, so that nobody starts a second one
        if process.poll() and not self._state_path.exists():
            write_json(self._state_path, {"error": f"The process ended before it began; {self._log_path} says why."})
        threading.Thread(target=process.wait, daemon=True).start()  # so that it leaves no zombie when it ends

    def stop(self) -> None:
        """Ends it; nothing is kept."""
        holder = self._lock.holder()
        if not holder or "pid" not in holder:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(holder["pid"]), signal.SIGTERM)
        deadline = time.monotonic() + _TIMEOUT
        while self._lock.holder() is not None and time.monotonic() < deadline:
            time.sleep(0.02)
        if not {"result", "error"} & set(self._read_state()):  # else it ended by itself just now
            self._state_path.unlink(missing_ok=True)

    def execute(self, task: Callable[[ReportProgress], Mapping[str, Any]]) -> int:
        """What the process itself does: 0, or 1 where another process is at it. What `do` raises is noted, and raised.

        do: what it gives is kept as the `result`.
        """
        if not self._lock.acquire({"pid": os.getpid()}):
            return 1
        started, last_write, last_message = time.time(), 0.0, ""

        def report(share: float, message: str = "") -> None:
            nonlocal last_write, last_message
            if time.time() - last_write > _WRITE_INTERVAL or message != last_message:
                last_write, last_message = time.time(), message
                write_json(self._state_path, {"share": share, "started": started, "words": message})

        try:
            report(0.0)
            write_json(self._state_path, {"share": 1.0, "started": started, "result": dict(task(report))})
        except Exception as error:
            write_json(self._state_path, {"error": f"{error or type(error).__name__}"})
            raise
        finally:
            self._lock.release()
        return 0

    def _read_state(self) -> dict[str, Any]:
        note = read_json(self._state_path)
        return note if isinstance(note, dict) else {}
