"""This machine as a place: one spare worker process that prepares, and those that were given a run."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from core.config.run_config import RunConfig
from core.devices.computing import Usage
from core.errors import DeviceError, RunError
from core.jobs import local_devices, packing, slots
from core.jobs.kept_workers import KeptWorkers
from core.jobs.places import Device, check_run, mark_failed
from core.jobs.slots import Slot
from core.jobs.spare_worker import SpareWorker, close_stdin, send_line
from core.runs.store import WAITING, Run, RunStore
from core.subprocess_task import child_environment, start_process

WORKER_COMMAND = (sys.executable, "-m", "core.jobs.worker", slots.LEAVE_WITHOUT_GPU)
RETRY_SECONDS = 5.0  # between two attempts to start a process
MAX_ATTEMPTS = 2  # a run has failed when so many workers exited before they began


@dataclass(frozen=True)
class _Assigned:
    """A worker that was given a run, and the slot in which it trains."""

    process: "subprocess.Popen[bytes]"
    slot: str


class WorkerPool:
    """The worker processes that this server started: a `Place`."""

    address = ""

    def __init__(self, store: RunStore, *, spare: bool = True, command: Sequence[str] = ()) -> None:
        """command: starts a worker, by default `WORKER_COMMAND`."""
        self.store, self.spare_allowed, self.command = store, spare, command or WORKER_COMMAND
        self._failures: Counter[str] = Counter()
        self._last_failed_start = -RETRY_SECONDS
        self._spare = SpareWorker(self._start)
        self._kept = KeptWorkers(store)
        self._assigned: dict[str, _Assigned] = {}

    def check(self, config: RunConfig) -> None:
        slots.check(config.device)

    def slots(self, config: RunConfig) -> tuple[str, ...]:
        """The spare worker's slot comes first: there the run starts at once."""
        names = [slot.name for slot in slots.slots_for(config.device)]
        return tuple(sorted(names, key=lambda name: self._spare.process is None or name != self._spare.slot))

    def free(self) -> dict[str, int]:
        """A slot has room if other workers of this server, and other processes of this machine, leave some."""
        return {slot.name: slot.capacity - self._count_in(slot) for slot in slots.all_slots()}

    def _count_in(self, slot: Slot) -> int:
        """How many runs train in a slot, or will as soon as their worker is ready. Those in one call count as one."""
        assigned = {run_id: worker.process.pid for run_id, worker in self._assigned.items() if worker.slot == slot.name}
        held = [holder.get("run") for holder in slots.holders(self.store, slot)]
        return len(set(assigned.values())) + sum(run_id not in assigned for run_id in held)

    def send(self, run: Run, slot: str) -> None:
        """Gives a run to the worker of another seed, to the spare worker, or to a new one.

        Other seeds that can train in the same call come with it. A run whose GPU is missing fails: it was made on
        another machine, or before a GPU was removed.
        """
        if self.has(run.id):  # another seed has taken it with itself
            return
        try:
            check_run(self, run)
            runs = packing.runs_to_train(self.store, run, slot, without=self._assigned)
        except DeviceError as error:
            mark_failed(run, error.sentence)
            return
        worker = self._kept.take(run, slot) or self._spare.take(slot)
        if worker is None:
            try:
                worker = self._start(next(each for each in slots.all_slots() if each.name == slot))
            except OSError as error:
                self._start_failed(run, error)
                return
        self._assigned |= {each.id: _Assigned(worker, slot) for each in runs}
        send_line(worker, self._kept.order_for(run) if len(runs) == 1 else packing.order(runs))

    def slot_of(self, run: Run) -> str:
        if run.id in self._assigned:
            return self._assigned[run.id].slot
        slot = local_devices.slot_of(self.store, run)
        return slot.name if slot else ""

    def _start(self, slot: Slot) -> "subprocess.Popen[bytes]":
        """A worker that waits for a run on its stdin. It sees only the device of this slot."""
        log = self.store.home / "worker.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = child_environment(DIGIT_LAB_HOME=str(self.store.home), **slots.environment(slot))
        log.unlink(missing_ok=True)  # a file for each worker, which copies it into the log of its first run
        with log.open("w+b") as output:
            return start_process(self.command, output, environment, stdin=subprocess.PIPE)

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
        self._spare.expect(config)

    def has(self, run_id: str) -> bool:
        return run_id in self._assigned

    def forget_failures(self, run_id: str) -> None:
        self._failures.pop(run_id, None)

    def devices(self) -> list[Device]:
        return local_devices.devices(self.store)

    def usage(self, run: Run) -> Usage:
        return local_devices.usage_by(self.store, run)

    def problem(self) -> str:
        return ""

    def warning(self) -> str:
        if not (names := slots.unusable()):
            return ""
        return (
            f"Keras cannot use {' and '.join(names)} of this machine, so no run trains there. "
            "Install GPU support (README: With a GPU), then start the dashboard again."
        )

    def kill(self, run: Run) -> None:
        local_devices.kill_worker(run)

    def refresh(self) -> None:
        self._collect_ended()
        self._kept.end_idle()
        if self.spare_allowed and not self._kept.are_any_idle:
            self._spare.update(self.free, is_idle=not self._assigned)

    def close(self) -> None:
        for worker in self._assigned.values():
            close_stdin(worker.process)  # those that train go on, but wait for no other run
        self._kept.end_idle(0.0)
        self._spare.stop()

    def _collect_ended(self) -> None:
        """Removes workers that have exited. A run whose workers exit before they begin is not tried for ever."""
        for run_id, worker in list(self._assigned.items()):
            if worker.process.poll() is None:
                if self._kept.keep_if_ended(run_id, self._find_run(run_id), worker.process, worker.slot):
                    del self._assigned[run_id]
                continue
            del self._assigned[run_id]
            self._kept.forget(run_id)
            close_stdin(worker.process)
            if worker.process.returncode == slots.NO_USABLE_GPU:
                slots.mark_unusable(worker.slot)  # the run waits in the queue for the CPU
                continue
            run = self._find_run(run_id)
            if run and run.state == WAITING:
                self._failures[run_id] += 1
                if self._failures[run_id] >= MAX_ATTEMPTS:
                    log = self.store.home / "worker.log"
                    mark_failed(
                        run, f"The training process ended {MAX_ATTEMPTS} times before it began. The reason is in {log}."
                    )

    def _find_run(self, run_id: str) -> Run | None:
        with suppress(RunError):
            return self.store.get(run_id)
        return None
