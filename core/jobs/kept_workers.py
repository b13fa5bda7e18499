"""Workers that have trained a run and wait a moment for another seed of it.

Such a worker has imported Keras and compiled the network. A new one would do both again: seconds for each seed.
"""

import subprocess
import time
from dataclasses import dataclass

from core.jobs.spare_worker import end_worker
from core.runs.run import ACTIVE
from core.runs.store import WAITING, Run, RunStore

THEN_WAIT = "then-wait"  # after a run's id: the worker waits for another run when this one has ended
WAIT_SECONDS = 2.0  # for the queue to send another seed; then the worker ends and frees the device's memory


@dataclass(frozen=True)
class _Idle:
    process: "subprocess.Popen[bytes]"
    slot: str  # it sees no other device
    run: Run  # that it trained last
    since: float


class KeptWorkers:
    """The workers that wait for another seed."""

    def __init__(self, store: RunStore) -> None:
        self.store = store
        self._will_wait: set[str] = set()  # runs whose worker waits when they have ended
        self._idle: list[_Idle] = []

    @property
    def are_any_idle(self) -> bool:
        return bool(self._idle)

    def order_for(self, run: Run) -> str:
        """The line that a worker gets for `run`: it waits afterwards if the run may have other seeds."""
        if not may_have_other_seeds(run):
            return run.id
        self._will_wait.add(run.id)
        return order(run.id, then_wait=True)

    def take(self, run: Run, slot: str) -> "subprocess.Popen[bytes] | None":
        """The worker that waits in this slot and fits the run. Those that do not fit end: others need the memory."""
        for idle in [each for each in self._idle if each.slot == slot]:
            self._idle.remove(idle)
            if differ_in_seed(idle.run, run) and idle.process.poll() is None:
                return idle.process
            end_worker(idle.process)
        return None

    def keep_if_ended(self, run_id: str, run: Run | None, process: "subprocess.Popen[bytes]", slot: str) -> bool:
        """Whether the run has ended and its worker now waits: for another seed in the queue, else it is ended.

        run: None if its folder is gone.
        """
        if run_id not in self._will_wait or (run and run.state in ACTIVE):
            return False
        self._will_wait.remove(run_id)
        if run and does_another_seed_wait(self.store, run):
            self._idle.append(_Idle(process, slot, run, time.monotonic()))
        else:
            end_worker(process)
        return True

    def forget(self, run_id: str) -> None:
        """The worker of a run has exited."""
        self._will_wait.discard(run_id)

    def end_idle(self, seconds: float = WAIT_SECONDS) -> None:
        """Ends the workers that have waited for so long."""
        for idle in list(self._idle):
            if time.monotonic() - idle.since >= seconds:
                self._idle.remove(idle)
                end_worker(idle.process)


def order(run_id: str, *, then_wait: bool) -> str:
    """The line that lets a worker train a run. then_wait: it does not end with the run."""
    return f"{run_id} {THEN_WAIT}" if then_wait else run_id


def may_have_other_seeds(run: Run) -> bool:
    """Whether other runs of its sweep may differ from `run` only in the seed."""
    return bool(run.sweep)


def does_another_seed_wait(store: RunStore, run: Run) -> bool:
    """Whether a run that differs from `run` only in the seed waits in the queue."""
    return any(other.state == WAITING and differ_in_seed(run, other) for other in store.active())


def differ_in_seed(one: Run, other: Run) -> bool:
    """Whether two runs belong to one sweep and have the same knobs but for the seed: one program trains both."""
    same = one.config.changed(seed=other.config.seed) == other.config
    return bool(one.sweep) and one.sweep == other.sweep and one.id != other.id and same
