"""The worker process of an actor: the unchanged worker, which ends with its actor (`node_worker`)."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from core.jobs.kept_workers import order
from core.jobs.spare_worker import close_stdin, send_line
from core.subprocess_task import ROOT, child_environment

_START_SECONDS = 30.0


class WorkerProcess:
    """At most one process at a time. command: starts the worker, by default `node_worker`."""

    def __init__(self, command: Sequence[str] = ()) -> None:
        self._command = command or (sys.executable, "-m", "core.jobs.cluster.node_worker", str(os.getpid()))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_alive(self) -> bool:
        process = self._process
        return process is not None and process.poll() is None

    def train(self, run_id: str, log: Path, environment: Mapping[str, str], *, then_wait: bool) -> bool:
        """Gives a run to the process that waits for one, or to a new one. False if none can be started.

        environment, log: of a new process. then_wait: it waits for another run when this one has ended.
        """
        if not self.is_alive and not self._start(log, environment):
            return False
        assert self._process is not None
        send_line(self._process, order(run_id, then_wait=then_wait))
        if not then_wait:
            close_stdin(self._process)
        return True

    def kill(self) -> None:
        """Ends the process, if there is one."""
        process, self._process = self._process, None
        if process:
            close_stdin(process)
            process.kill()
            process.wait(10)

    def _start(self, log: Path, environment: Mapping[str, str]) -> bool:
        self.kill()
        started = threading.Event()
        threading.Thread(target=self._work, args=(log, environment, started), daemon=True).start()
        started.wait(_START_SECONDS)
        return self._process is not None

    def _work(self, log: Path, environment: Mapping[str, str], started: threading.Event) -> None:
        """Starts the worker and waits for its end: the system ends the worker with the thread that started it."""
        with suppress(OSError), log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=child_environment(**environment),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )
        process = self._process
        started.set()
        if process:
            process.wait()
