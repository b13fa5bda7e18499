"""The scheduler: it starts waiting runs when their device is free, and passes visitors' requests to runs.

The folder of runs holds all state. The scheduler reads it five times a second, so a restarted dashboard, or a second
one on the same machine, finds everything as it is.
"""

import atexit
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from core.classroom.visitors import Visitor
from core.config.recipes import matching_recipe
from core.config.run_config import RunConfig
from core.jobs.admission import Admission, Rules
from core.jobs.places import Place
from core.jobs.queue import MAX_PAUSE_SECONDS, RunQueue, fair_order
from core.jobs.run_requests import RunRequests
from core.jobs.worker_pool import WorkerPool
from core.runs.store import Run, RunStore

__all__ = ("MAX_PAUSE_SECONDS", "Scheduler", "fair_order")

POLL_SECONDS = 0.2


class Scheduler(RunRequests):
    """One for each server. `visitor` is who asks; without it, every request is allowed."""

    def __init__(
        self, store: RunStore, place: Place | None = None, *, rules: Rules | None = None, **options: Any
    ) -> None:
        """place: where runs train; by default this machine, with the `options` of `WorkerPool`.

        rules: the limits of the server; without them, visitors have none.
        """
        self.store, self.place = store, place or WorkerPool(store, **options)
        self._queue = RunQueue(store, self.place)
        self._admission = Admission(store, self._queue, rules)
        self._wake_up = threading.Event()
        self._scheduling = threading.Lock()
        self._closed, self._printed = False, ""
        threading.Thread(target=self._loop, name="digit-lab-jobs", daemon=True).start()
        atexit.register(self.close)

    @property
    def closed(self) -> bool:
        return self._closed

    def submit(self, config: RunConfig, *, visitor: Visitor | None = None, **facts: Any) -> Run:
        """A new run of `visitor` that waits for its device. `facts` as in `RunStore.create`.

        Raises `LimitError` if a limit of the server refuses it, `DeviceError` if its device does not exist.
        """
        return self.submit_all([(config, facts)], visitor=visitor)[0]

    def submit_all(self, runs: Sequence[tuple[RunConfig, dict[str, Any]]], *, visitor: Visitor | None) -> list[Run]:
        """New runs with their facts: all of them, or none if a limit refuses one."""
        owner = {"starter": visitor.id} if visitor else {}
        for config, _ in runs:
            self.place.check(config)
        # Several are queued at once: the scheduler must not start the first ones without those that train with them.
        with self._admission.exclusive(), self._scheduling if len(runs) > 1 else nullcontext():
            if any(facts.get("sweep") for _, facts in runs):
                self._admission.check_may_sweep(visitor)
            self._admission.check_runs([config for config, _ in runs], visitor)
            made = []
            for config, facts in runs:
                known = {"recipe": matching_recipe(config), **facts, **owner}
                made.append(self.store.create(config, queued=True, **known))
                self._queue.remember(made[-1], visitor.address if visitor else "")
        self._wake()
        return made

    def check_sweep(self, configs: Sequence[RunConfig], visitor: Visitor, *, trials: int = 0) -> None:
        """Whether `visitor` may start a sweep with these runs, or a search of so many `trials`. Raises `LimitError`.

        configs: all runs of a sweep; of a search, its extreme ones.
        """
        self._admission.check_sweep(configs, visitor, trials=trials)

    def check_size(self, config: RunConfig, seconds: float, visitor: Visitor) -> None:
        """Whether `visitor` may start a run of so many seconds, however many wait. Raises `LimitError`."""
        self._admission.check_size(config, seconds, visitor)

    def check_disk(self, needed: int) -> None:
        """Whether there is disk for `needed` bytes of a run that does not wait, such as a copy. Raises `LimitError`."""
        self._admission.check_disk(needed)

    def queue(self) -> list[Run]:
        """The waiting runs in the order in which they will train."""
        return self._queue.waiting()

    def running(self) -> list[Run]:
        return self._queue.running()

    def is_blocking_others(self, run: Run) -> bool:
        """Whether another visitor waits for the device of this run."""
        return bool(self._queue.blocked_by(run))

    def warm_up(self, config: RunConfig | None = None) -> None:
        """Keeps a worker ready because somebody will probably train soon, with `config` if it is known."""
        self.place.expect(config)
        self._wake_up.set()

    def close(self) -> None:
        """Ends the scheduler and the spare worker. Runs continue to train."""
        self._closed = True
        self._wake_up.set()
        with self._scheduling:  # else the thread could still start another spare worker
            self.place.close()

    def _wake(self, retried: str = "") -> None:
        if retried:
            self.place.forget_failures(retried)
        self._wake_up.set()

    def _loop(self) -> None:
        while not self._closed:
            self._wake_up.wait(POLL_SECONDS)
            self._wake_up.clear()
            try:
                with self._scheduling:
                    if not self._closed:
                        self._start_due_runs()
            except Exception:  # a problem with one run must not stop the queue
                self._print_once(traceback.format_exc())

    def _start_due_runs(self) -> None:
        self.place.refresh()
        self._queue.kill_those_that_hang()
        if self._queue.waiting():
            self._queue.turns_per_address = self._admission.turns_per_address
            self._queue.stop_long_pauses()
            for run, slot in self._queue.due():
                self.place.send(run, slot)

    def _print_once(self, problem: str) -> None:
        """Prints a traceback, but not the same one five times a second."""
        if problem != self._printed:
            self._printed = problem
            print(problem, file=sys.stderr)
