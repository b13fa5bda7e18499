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
_EVERY = 0.2  # seconds between two notes of the progress
_PATIENCE = 10.0  # seconds for a process to be up, or to end


class Tell(Protocol):
    """Called by the work with the share that is done, 0 to 1, and with what it does now, if that is to be shown."""

    def __call__(self, share: float, words: str = "") -> None: ...


class Progress(NamedTuple):
    """How far the work is."""

    running: bool
    share: float = 0.0  # done, 0 to 1
    seconds_left: float | None = None  # None: too early to say
    error: str = ""  # a sentence, if the last attempt failed
    words: str = ""  # what it does now


class Background:
    """One piece of work, whoever started it. `path`: where its files lie, with any suffix."""

    def __init__(self, path: Path) -> None:
        self._note, self._log = path.with_suffix(".json"), path.with_suffix(".log")
        self._lock = Lock(path.with_suffix(".lock"))

    def progress(self) -> Progress:
        running = self._lock.holder() is not None
        note = self._said()  # after that look: what has ended writes no more
        share = float(note.get("share", 0.0))
        if not running:
            unfinished = "share" in note and share < 1
            silent = f"The process ended in the middle of it; {self._log.name} may say why. Begin it again."
            return Progress(running=False, error=str(note.get("error", silent if unfinished else "")))
        seconds = time.time() - float(note.get("started", time.time()))
        left = seconds * (1 - share) / share if share > 0.02 else None
        return Progress(True, share, left, words=str(note.get("words", "")))

    def result(self) -> Any:
        """What the work came to, as JSON has it; None until it is there."""
        return self._said().get("result")

    def start(self, *command: str, **environment: str) -> None:
        """Begins `python -m` `command`, unless it is under way already; comes back when the process is up."""
        if self.progress().running:
            return
        self._note.parent.mkdir(parents=True, exist_ok=True)
        self._note.unlink(missing_ok=True)
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=_ROOT,
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _PATIENCE
        while self._lock.holder() is None and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)  # until the process is up, so that nobody starts a second one
        if process.poll() and not self._note.exists():
            write_json(self._note, {"error": f"The process ended before it began; {self._log} says why."})
        threading.Thread(target=process.wait, daemon=True).start()  # so that it leaves no zombie when it ends

    def stop(self) -> None:
        """Ends it; nothing is kept."""
        holder = self._lock.holder()
        if not holder or "pid" not in holder:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(holder["pid"]), signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE
        while self._lock.holder() is not None and time.monotonic() < deadline:
            time.sleep(0.02)
        if not {"result", "error"} & set(self._said()):  # else it ended by itself just now
            self._note.unlink(missing_ok=True)

    def work(self, do: Callable[[Tell], Mapping[str, Any]]) -> int:
        """What the process itself does: 0, or 1 where another process is at it. What `do` raises is noted, and raised.

        do: what it gives is kept as the `result`.
        """
        if not self._lock.take({"pid": os.getpid()}):
            return 1
        began, last, before = time.time(), 0.0, ""

        def tell(share: float, words: str = "") -> None:
            nonlocal last, before
            if time.time() - last > _EVERY or words != before:
                last, before = time.time(), words
                write_json(self._note, {"share": share, "started": began, "words": words})

        try:
            tell(0.0)
            write_json(self._note, {"share": 1.0, "started": began, "result": dict(do(tell))})
        except Exception as error:
            write_json(self._note, {"error": f"{error or type(error).__name__}"})
            raise
        finally:
            self._lock.release()
        return 0

    def _said(self) -> dict[str, Any]:
        note = read_json(self._note)
        return note if isinstance(note, dict) else {}
