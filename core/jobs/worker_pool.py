"""The worker processes that a server starts: one spare that makes ready, and those on their way to a run."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from core.config.run_config import RunConfig
from core.devices import slot
from core.errors import RunError
from core.network.architecture import parameter_count
from core.runs.events import FAILED, RunEnded
from core.runs.store import WAITING, Run, RunStore
from core.runs.timeline import EventFile
from core.training import warmup

ROOT = Path(__file__).parents[2]
WORKER = (sys.executable, "-m", "core.jobs.worker")
SPARE_SECONDS = 15 * 60  # a spare worker nobody has asked for goes home after this, with its 550 MB
SETTLED_SECONDS = 1.0  # a knob that is still being turned is not worth compiling for
MOST_REHEARSED = 5_000_000  # parameters: a larger network would lie in the spare worker's memory, perhaps for nothing
ATTEMPTS = 2  # workers that may die before they begin, before a run is called failed


class Workers:
    """The worker processes that this server started: the spare one, and those on their way to a run."""

    def __init__(self, store: RunStore, *, spare: bool, command: Sequence[str]) -> None:
        self.store, self.spare_allowed, self.command = store, spare, command
        self._wanted: float = -SPARE_SECONDS
        self._failures: Counter[str] = Counter()
        self._spare: subprocess.Popen[bytes] | None = None
        self._expected: tuple[RunConfig, float] | None = None  # and since when
        self._rehearsed: RunConfig | None = None  # by the spare worker
        self._sent: dict[str, subprocess.Popen[bytes]] = {}

    def send(self, run: Run) -> None:
        """Gives a run to the spare worker, or to a new one."""
        worker, self._spare = self._spare, None
        if worker is None or worker.poll() is not None:
            worker = self._start()
        self._sent[run.id] = worker
        _tell(worker, run.id)

    def want(self, config: RunConfig | None = None) -> None:
        """Somebody is about to train, `config` if that is known: once it has stood for a moment, it is rehearsed."""
        self._wanted = time.monotonic()
        if config is None:
            return
        config = warmup.rehearsed(config)
        if parameter_count(config) > MOST_REHEARSED:
            self._expected = None
        elif self._expected is None or self._expected[0] != config:
            self._expected = config, time.monotonic()

    def forgive(self, run_id: str) -> None:
        """The run is tried anew, however often its workers have died before."""
        self._failures.pop(run_id, None)

    def devices(self) -> set[str]:
        """The devices for which a worker of ours is on its way or at work."""
        runs = (run for run_id in self._sent if (run := self._known(run_id)))
        return {slot(run.config.device) for run in runs}

    def look_after(self) -> None:
        """Notes which workers have ended. A run whose workers die before they begin is not tried for ever."""
        for run_id, worker in list(self._sent.items()):
            if worker.poll() is None:
                continue
            del self._sent[run_id]
            _closed(worker)
            run = self._known(run_id)
            if run and run.state == WAITING:
                self._failures[run_id] += 1
                if self._failures[run_id] >= ATTEMPTS:
                    _give_up(run)

    def keep_ready(self) -> None:
        """Holds one spare worker while somebody is likely to train and none is at work, and no longer."""
        wanted = self.spare_allowed and time.monotonic() - self._wanted < SPARE_SECONDS
        if self._spare and (not wanted or self._spare.poll() is not None):
            self.send_home()
            self._wanted = -SPARE_SECONDS  # one that died by itself would die again: the next visitor may try
        elif wanted and self._spare is None and not self._sent:
            self._spare, self._rehearsed = self._start(), None
        self._rehearse()

    def _rehearse(self) -> None:
        """Tells the spare worker what is likely to be trained, once it has stood for a moment."""
        spare, expected = self._spare, self._expected
        if not spare or not expected or expected[0] == self._rehearsed:
            return
        config, since = expected
        if time.monotonic() - since > SETTLED_SECONDS:
            self._rehearsed = config
            _tell(spare, json.dumps(config.to_dict()))

    def send_home(self) -> None:
        spare, self._spare = self._spare, None
        if spare:
            _closed(spare)  # end of its stdin
            with suppress(subprocess.TimeoutExpired):
                spare.wait(0.1)
                return
            spare.kill()
            spare.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        """A worker in a session of its own, which a Ctrl-C meant for the dashboard does not reach."""
        log = self.store.home / "worker.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "DIGIT_LAB_HOME": str(self.store.home), "TF_CPP_MIN_LOG_LEVEL": "3"}
        with log.open("wb") as output:
            return subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _known(self, run_id: str) -> Run | None:
        with suppress(RunError):
            return self.store.get(run_id)
        return None


def _tell(worker: "subprocess.Popen[bytes]", line: str) -> None:
    assert worker.stdin is not None
    with suppress(BrokenPipeError):
        worker.stdin.write(f"{line}\n".encode())
        worker.stdin.flush()


def _closed(worker: "subprocess.Popen[bytes]") -> None:
    if worker.stdin:
        with suppress(BrokenPipeError):
            worker.stdin.close()


def _give_up(run: Run) -> None:
    """Writes the last word of a run whose workers died before they could begin."""
    reason = (
        f"The training process ended {ATTEMPTS} times before it began. {run.folder.parents[1] / 'worker.log'} says why."
    )
    (run.folder / "queued").unlink(missing_ok=True)  # first: it is not tried again where a full disk takes no last word
    with suppress(RunError):
        file = EventFile(run.events_path)
        try:
            file.append(RunEnded(FAILED, reason, time.time(), epochs=0))
        finally:
            file.close()
