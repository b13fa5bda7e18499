"""Work in a separate process. Any page can follow it in three files:

NAME.lock    held while the process lives; the system releases it when the process ends
NAME.json    its progress, its result, or what went wrong
NAME.log     what it printed
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from core import untrusted
from core.files import Lock, read_json, write_json
from core.home import home

ROOT = Path(__file__).parents[1]  # the folder that contains `core`: the repository, or `digit_lab` where installed
_PATHS = ("MNIST_PATH", "KERAS_HOME")
_WRITE_INTERVAL = 0.2  # seconds between two reports of progress
_TIMEOUT = 10.0  # seconds for a process to start, or to end


def child_environment(**changes: str) -> dict[str, str]:
    """The environment of a process that runs a module of this project, with `changes`.

    It finds `core` wherever this is installed. Relative paths become absolute: it has another working directory.
    """
    paths = {name: str(Path(os.environ[name]).expanduser().absolute()) for name in _PATHS if os.environ.get(name)}
    search = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, **paths, "DIGIT_LAB_HOME": str(home()), "PYTHONPATH": search, **changes}


def start_process(
    command: Sequence[str], log: IO[bytes], environment: Mapping[str, str], *, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Starts a program of this project that writes all its output to `log`. environment: from `child_environment`.

    It has a session of its own, so that Ctrl-C stops only the dashboard. Raises `OSError` if it cannot be started.
    """
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=stdin,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


class ReportProgress(Protocol):
    """The task calls this with the share that is done, 0 to 1, and optionally with what it does now."""

    def __call__(self, share: float, message: str = "") -> None: ...


class Progress(NamedTuple):
    """The progress of a task."""

    running: bool
    share: float = 0.0  # done, 0 to 1
    seconds_left: float | None = None  # None: too early to estimate
    error: str = ""  # a sentence if the last attempt failed
    message: str = ""  # what it does now


@contextlib.contextmanager
def one_at_a_time(lock_path: Path, report: ReportProgress, message: str) -> Iterator[None]:
    """Only one process of a machine at a time gets past it; the others report `message` while they wait."""
    lock = Lock(lock_path)
    while not lock.acquire({"pid": os.getpid()}, timeout=0.3):
        report(0.0, message)
    try:
        yield
    finally:
        lock.release()


class SubprocessTask:
    """One task, whoever started it. path: its files have this path, with different suffixes."""

    def __init__(self, path: Path) -> None:
        self._state_path, self._log_path = path.with_suffix(".json"), path.with_suffix(".log")
        self._lock = Lock(path.with_suffix(".lock"))

    def progress(self) -> Progress:
        running = self._lock.holder() is not None
        state = self._read_state()  # read after the lock: a process that has ended writes nothing more
        share = _number(state.get("share"), 0.0)
        if not running:
            unfinished = "share" in state and share < 1
            no_reason = f"The process ended before it was finished; {self._log_path.name} may say why. Start it again."
            return Progress(running=False, error=str(state.get("error", no_reason if unfinished else "")))
        seconds = time.time() - _number(state.get("started"), time.time())
        left = seconds * (1 - share) / share if share > 0.02 else None
        return Progress(True, share, left, message=str(state.get("words", "")))

    def result(self) -> Any:
        """The result as JSON; None until there is one."""
        return self._read_state().get("result")

    def start(self, *command: str, **environment: str) -> None:
        """Starts `python -m` `command`, unless it is running already; returns when the process has started."""
        if self.progress().running:
            return
        self._state_path.parent.mkdir(parents=True, exist_ok=True)
        self._state_path.unlink(missing_ok=True)
        with self._log_path.open("wb") as log:
            process = start_process([sys.executable, "-m", *command], log, child_environment(**environment))
        deadline = time.monotonic() + _TIMEOUT
        while self._lock.holder() is None and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)  # until the process holds the lock, so that nobody starts a second one
        if process.poll() and not self._state_path.exists():
            write_json(self._state_path, {"error": f"The process could not start; {self._log_path.name} says why."})
        threading.Thread(target=process.wait, daemon=True).start()  # leaves no zombie when it ends

    def stop(self) -> None:
        """Stops the process; nothing is kept."""
        holder = self._lock.holder()
        if not holder or "pid" not in holder:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(holder["pid"]), signal.SIGTERM)
        deadline = time.monotonic() + _TIMEOUT
        while self._lock.holder() is not None and time.monotonic() < deadline:
            time.sleep(0.02)
        if not {"result", "error"} & set(self._read_state()):  # else it finished just now
            self._state_path.unlink(missing_ok=True)

    def execute(self, task: Callable[[ReportProgress], Mapping[str, Any]]) -> int:
        """Runs `task` in this process: returns 0, or 1 if another process runs it. Exceptions are recorded and raised.

        task: what it returns is kept as the `result`.
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


def _number(value: Any, otherwise: float) -> float:
    """A number in the state file; `otherwise` if it is missing or something else."""
    with contextlib.suppress(ValueError):
        return untrusted.number(value)
    return otherwise
