"""Workers that have trained a run and wait a moment for another seed of it.

Such a worker has imported Keras and compiled the network. A new one would do both again: seconds for each seed.
"""

import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass

from core.runs.run import ACTIVE
from core.runs.store import WAITING, Run, RunStore

THEN_WAIT = "then-wait"  # after a run's id: the worker waits for another run when this one has ended
WAIT_SECONDS = 2.0  # for the queue to send another seed; then the worker ends and frees the device's memory


@dataclass(frozen=True)
class _Idle:
    worker: "subprocess.Popen[bytes]"
    run: Run  # that it trained last
    since: float


class KeptWorkers:
    """At most one waiting worker for each device."""

    def __init__(self, store: RunStore) -> None:
        self.store = store
        self._devices: dict[str, str] = {}  # run → device, of the runs whose worker will wait afterwards
        self._idle: dict[str, _Idle] = {}  # device → its worker

    @property
    def are_any_idle(self) -> bool:
        return bool(self._idle)

    def order_for(self, run: Run, device: str) -> str:
        """The line that a worker gets for `run`: it waits afterwards if another seed is in the queue."""
        if not any(_differ_in_seed(run, other) for other in self.store.active() if other.state == WAITING):
            return run.id
        self._devices[run.id] = device
        return f"{run.id} {THEN_WAIT}"

    def take(self, run: Run, device: str) -> "subprocess.Popen[bytes] | None":
        """The worker that waits on this device, if it fits; one that does not fit ends."""
        idle = self._idle.pop(device, None)
        if idle and _differ_in_seed(idle.run, run) and idle.worker.poll() is None:
            return idle.worker
        if idle:
            end_worker(idle.worker)
        return None

    def keep_if_ended(self, run_id: str, run: Run | None, worker: "subprocess.Popen[bytes]") -> bool:
        """Keeps the worker if its run has ended and it now waits. run: None if its folder is gone."""
        if run_id not in self._devices or (run and run.state in ACTIVE):
            return False
        device = self._devices.pop(run_id)
        if run is None:
            end_worker(worker)
        else:
            self._idle[device] = _Idle(worker, run, time.monotonic())
        return True

    def forget(self, run_id: str) -> None:
        """The worker of a run has exited."""
        self._devices.pop(run_id, None)

    def end_idle(self, seconds: float = WAIT_SECONDS) -> None:
        """Ends the workers that have waited for so long."""
        for device, idle in list(self._idle.items()):
            if time.monotonic() - idle.since >= seconds:
                del self._idle[device]
                end_worker(idle.worker)


def _differ_in_seed(one: Run, other: Run) -> bool:
    """Whether two runs belong to one sweep and have the same knobs but for the seed: one program trains both."""
    same = one.config.changed(seed=other.config.seed) == other.config
    return bool(one.sweep) and one.sweep == other.sweep and one.id != other.id and same


def end_worker(worker: "subprocess.Popen[bytes]") -> None:
    """Ends a worker that waits for a run."""
    close_stdin(worker)  # end of its input
    with suppress(subprocess.TimeoutExpired):
        worker.wait(0.1)
        return
    worker.kill()
    worker.wait()


def close_stdin(worker: "subprocess.Popen[bytes]") -> None:
    """A worker that waits then ends. One that trains reads no more."""
    if worker.stdin:
        with suppress(BrokenPipeError):
            worker.stdin.close()
