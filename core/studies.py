"""Work on the whole data set that takes a minute: done in a process of its own, kept in the home, seen from any page.

`python -m core.studies NAME FINGERPRINT` is that process. It holds a lock while it lives, writes how far it is beside
the result, and gives way to whatever else the machine has to do.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core import atlas, mnist, oddities, worked_out
from core.errors import DataError
from core.files import Lock, read_json, write_json
from core.mnist import Mnist

Work = Callable[[Mnist, Callable[[float], None]], dict[str, np.ndarray]]
STUDIES: dict[str, Work] = {"tsne": atlas.tsne, "oddities": oddities.study}
_ROOT = Path(__file__).parents[1]
_EVERY = 0.2  # seconds between two notes of the progress
# Threads that wait busily for one another crawl while a training run keeps the cores; these wait asleep, or are alone.
_GIVING_WAY = {"OMP_WAIT_POLICY": "passive", "OPENBLAS_NUM_THREADS": "1"}


class Progress(NamedTuple):
    """How far a study is."""

    running: bool
    share: float = 0.0  # done, 0 to 1
    seconds_left: float | None = None  # None: too early to say
    error: str = ""  # a sentence, if the last attempt failed


class Study:
    """One study of one data set."""

    def __init__(self, name: str, data: Mnist) -> None:
        self.name = name
        self._result = worked_out.path_of(name, data)
        self._note = self._result.with_suffix(".json")
        self._lock = Lock(self._result.with_suffix(".lock"))
        self._data = data

    def result(self) -> dict[str, np.ndarray] | None:
        """What was found; None until it is there."""
        return worked_out.read(self._result)

    def progress(self) -> Progress:
        """How far it is, whoever started it."""
        note = read_json(self._note) or {}
        if self._lock.holder() is None:
            return Progress(running=False, error=str(note.get("error", "")))
        share, seconds = float(note.get("share", 0.0)), time.time() - float(note.get("started", time.time()))
        return Progress(True, share, seconds * (1 - share) / share if share > 0.02 else None)

    def start(self) -> None:
        """Begins in the background, unless it is under way already."""
        if self.progress().running:
            return
        self._note.parent.mkdir(parents=True, exist_ok=True)
        write_json(self._note, {"share": 0.0, "started": time.time()})
        command = [sys.executable, "-m", "core.studies", self.name, worked_out.fingerprint(self._data)]
        with self._note.with_suffix(".log").open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=_ROOT,
                env=os.environ | _GIVING_WAY,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 10
        while self._lock.holder() is None and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)  # until the process is up, so that nobody starts a second one
        threading.Thread(target=process.wait, daemon=True).start()  # so that it leaves no zombie when it ends

    def stop(self) -> None:
        """Ends it; nothing is kept."""
        if (holder := self._lock.holder()) and "pid" in holder:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(holder["pid"]), signal.SIGTERM)


def work(name: str, expected: str) -> int:
    """Does one study in this process: 0, or 1 if it failed or someone else is at it."""
    data = mnist.load()
    if worked_out.fingerprint(data) != expected:
        data = mnist.embedded()
    study = Study(name, data)
    if not study._lock.take({"pid": os.getpid()}):
        return 1
    began, last = time.time(), 0.0

    def tell(share: float) -> None:
        nonlocal last
        if time.time() - last > _EVERY:
            last = time.time()
            write_json(study._note, {"share": share, "started": began})

    try:
        if worked_out.fingerprint(data) != expected:
            raise DataError(
                "Another data set has taken the place of the one to be studied. Reload the page, start again."
            )
        worked_out.write(study._result, STUDIES[name](data, tell))
        write_json(study._note, {"share": 1.0, "started": began})
    except Exception as error:
        write_json(study._note, {"error": f"{error or type(error).__name__}"})
        raise
    finally:
        study._lock.release()
    return 0


if __name__ == "__main__":
    with contextlib.suppress(OSError):
        os.nice(10)  # a training run comes first
    sys.exit(work(*sys.argv[1:3]))
