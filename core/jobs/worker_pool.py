"""This machine as a place: one spare worker process that prepares, and those that were given a run."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from core.config.run_config import RunConfig
from core.devices import Usage, device_slot
from core.errors import RunError
from core.jobs import local_devices
from core.jobs.places import Device, mark_failed
from core.network.architecture import count_parameters
from core.runs.store import WAITING, Run, RunStore
from core.subprocess_task import child_environment, start_process
from core.training import warmup

WORKER_COMMAND = (sys.executable, "-m", "core.jobs.worker")
SPARE_SECONDS = 15 * 60  # an unused spare worker exits after this and frees its 550 MB
DEBOUNCE_SECONDS = 1.0  # a knob that still changes is not worth a compilation
MAX_WARMUP_PARAMETERS = 5_000_000  # a larger network takes much memory in the spare worker, perhaps for nothing
RETRY_SECONDS = 5.0  # between two attempts to start a process
MAX_ATTEMPTS = 2  # a run has failed when so many workers exited before they began


class WorkerPool:
    """The worker processes that this server started: a `Place`. Each device trains one run at a time."""

    address = ""

    def __init__(self, store: RunStore, *, spare: bool = True, command: Sequence[str] = ()) -> None:
        """command: starts a worker, by default `WORKER_COMMAND`."""
        self.store, self.spare_allowed, self.command = store, spare, command or WORKER_COMMAND
        self._last_request: float = -SPARE_SECONDS
        self._failures: Counter[str] = Counter()
        self._last_failed_start = -RETRY_SECONDS
        self._spare: subprocess.Popen[bytes] | None = None
        self._expected: tuple[RunConfig, float] | None = None  # and since when
        self._warm_config: RunConfig | None = None  # of the spare worker
        self._assigned: dict[str, subprocess.Popen[bytes]] = {}

    def kinds(self, config: RunConfig) -> tuple[str, ...]:
        return (device_slot(config.device),)

    def free(self) -> dict[str, int]:
        """A device is free if no worker of this server uses it, and no other process of this machine."""
        runs = (run for run_id in self._assigned if (run := self._find_run(run_id)))
        busy = {device_slot(run.config.device) for run in runs}
        return {
            kind: int(kind not in busy and local_devices.holder(self.store, kind) is None)
            for kind in local_devices.kinds()
        }

    def send(self, run: Run, kind: str) -> None:
        """Gives a run to the spare worker, or to a new one."""
        worker, self._spare = self._spare, None
        if worker is None or worker.poll() is not None:
            try:
                worker = _start(self.store, self.command)
            except OSError as error:
                self._start_failed(run, error)
                return
        self._assigned[run.id] = worker
        _send_line(worker, run.id)

    def _start_failed(self, run: Run, error: OSError) -> None:
        """No process can be started: too little memory, too many processes, a full disk. Later it may be possible."""
        if time.monotonic() - self._last_failed_start < RETRY_SECONDS:
            return
        self._last_failed_start = time.monotonic()
        self._failures[run.id] += 1
        if self._failures[run.id] >= MAX_ATTEMPTS:
            reason = error.strerror or str(error)
            mark_failed(run, f"No training process could be started: {reason}. Free memory, then resume.")

    def expect(self, config: RunConfig | None = None) -> None:
        """Keeps a spare worker. `config`, if known, is compiled when it has not changed for a moment."""
        self._last_request = time.monotonic()
        if config is None:
            return
        config = warmup.warmup_config(config)
        if count_parameters(config) > MAX_WARMUP_PARAMETERS:
            self._expected = None
        elif self._expected is None or self._expected[0] != config:
            self._expected = config, time.monotonic()

    def has(self, run_id: str) -> bool:
        return run_id in self._assigned

    def forget_failures(self, run_id: str) -> None:
        self._failures.pop(run_id, None)

    def devices(self) -> list[Device]:
        return local_devices.devices(self.store)

    def usage(self, run: Run) -> Usage:
        return local_devices.usage_by(run)

    def problem(self) -> str:
        return ""

    def warning(self) -> str:
        return ""

    def kill(self, run: Run) -> None:
        local_devices.kill_worker(run)

    def refresh(self) -> None:
        self._collect_ended()
        self._update_spare()

    def close(self) -> None:
        self._stop_spare()

    def _collect_ended(self) -> None:
        """Removes workers that have exited. A run whose workers exit before they begin is not tried for ever."""
        for run_id, worker in list(self._assigned.items()):
            if worker.poll() is None:
                continue
            del self._assigned[run_id]
            _close_stdin(worker)
            run = self._find_run(run_id)
            if run and run.state == WAITING:
                self._failures[run_id] += 1
                if self._failures[run_id] >= MAX_ATTEMPTS:
                    log = self.store.home / "worker.log"
                    mark_failed(
                        run, f"The training process ended {MAX_ATTEMPTS} times before it began. The reason is in {log}."
                    )

    def _update_spare(self) -> None:
        """Keeps one spare worker while somebody will probably train and no other worker trains."""
        is_wanted = self.spare_allowed and time.monotonic() - self._last_request < SPARE_SECONDS
        if self._spare and (not is_wanted or self._spare.poll() is not None):
            self._stop_spare()
            self._last_request = -SPARE_SECONDS  # a worker that exited by itself would exit again
        elif is_wanted and self._spare is None and not self._assigned:
            with suppress(OSError):  # without a spare worker, a run starts a few seconds later
                self._spare, self._warm_config = _start(self.store, self.command), None
        self._warm_up_spare()

    def _warm_up_spare(self) -> None:
        """Sends the spare worker the expected config when it has not changed for a moment."""
        spare, expected = self._spare, self._expected
        if not spare or not expected or expected[0] == self._warm_config:
            return
        config, since = expected
        if time.monotonic() - since > DEBOUNCE_SECONDS:
            self._warm_config = config
            _send_line(spare, json.dumps(config.to_dict()))

    def _stop_spare(self) -> None:
        spare, self._spare = self._spare, None
        if spare:
            _close_stdin(spare)  # end of its stdin
            with suppress(subprocess.TimeoutExpired):
                spare.wait(0.1)
                return
            spare.kill()
            spare.wait()

    def _find_run(self, run_id: str) -> Run | None:
        with suppress(RunError):
            return self.store.get(run_id)
        return None


def _start(store: RunStore, command: Sequence[str]) -> "subprocess.Popen[bytes]":
    """A worker that waits for a run on its stdin."""
    log = store.home / "worker.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = child_environment(DIGIT_LAB_HOME=str(store.home))
    with log.open("wb") as output:
        return start_process(command, output, environment, stdin=subprocess.PIPE)


def _send_line(worker: "subprocess.Popen[bytes]", line: str) -> None:
    assert worker.stdin is not None
    with suppress(BrokenPipeError):
        worker.stdin.write(f"{line}\n".encode())
        worker.stdin.flush()


def _close_stdin(worker: "subprocess.Popen[bytes]") -> None:
    if worker.stdin:
        with suppress(BrokenPipeError):
            worker.stdin.close()
