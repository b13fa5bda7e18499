"""The scheduler: it starts waiting runs when their device is free, and passes visitors' requests to runs.

The folder of runs holds all state. The scheduler reads it five times a second, so a restarted dashboard, or a second
one on the same machine, finds everything as it is.
"""

import atexit
import os
import sys
import threading
import traceback
from typing import Any

from core.config.recipes import matching_recipe
from core.config.run_config import RunConfig
from core.errors import RunError
from core.jobs.places import Place
from core.jobs.queue import MAX_PAUSE_SECONDS, RunQueue, fair_order
from core.jobs.worker_pool import WorkerPool
from core.network import forecast
from core.runs.control import ControlRequests
from core.runs.events import FINISHED
from core.runs.store import WAITING, Run, RunStore

__all__ = ("MAX_PAUSE_SECONDS", "Scheduler", "fair_order")

POLL_SECONDS = 0.2


class Scheduler:
    """One for each server. `visitor` is who asks; without it, every request is allowed."""

    def __init__(self, store: RunStore, place: Place | None = None, **options: Any) -> None:
        """place: where runs train; by default this machine, with the `options` of `WorkerPool`."""
        self.store, self.place = store, place or WorkerPool(store, **options)
        self._queue = RunQueue(store, self.place)
        self._wake_up = threading.Event()
        self._scheduling = threading.Lock()
        self._closed, self._printed = False, ""
        threading.Thread(target=self._loop, name="digit-lab-jobs", daemon=True).start()
        atexit.register(self.close)

    @property
    def closed(self) -> bool:
        return self._closed

    def submit(self, config: RunConfig, **facts: Any) -> Run:
        """A new run that waits for its device. `facts` as in `RunStore.create`."""
        run = self.store.create(config, queued=True, **{"recipe": matching_recipe(config), **facts})
        self._wake_up.set()
        return run

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

    def pause(self, run_id: str, *, visitor: str | None = None) -> None:
        """Pauses after the current engine call. The run keeps its device."""
        self._requests_to(run_id, visitor).pause()

    def step(self, run_id: str, *, visitor: str | None = None) -> None:
        """Trains one epoch and pauses. A run that does not train is resumed first."""
        run = self._get_controllable(run_id, visitor)
        if run.active:
            ControlRequests(run).step()
        else:
            self._enqueue(run, step=True)

    def resume(self, run_id: str, *, visitor: str | None = None) -> None:
        """Continues a paused run at once, and a stopped or interrupted one at `run.resume_point`."""
        run = self._get_controllable(run_id, visitor)
        if run.active:
            ControlRequests(run).resume()
        elif run.state == FINISHED:
            raise RunError(f"The run {run.title} has finished. Train it for more epochs, or start a new run.")
        else:
            self._enqueue(run)

    def add_epochs(self, run_id: str, epochs: int, *, visitor: str | None = None) -> None:
        """Trains a run that has ended for more epochs. Raises `ConfigError` beyond the knob's range."""
        run = self._get_controllable(run_id, visitor)
        _refuse_change(run)
        if run.active:
            raise RunError(f"The run {run.title} is still training. Wait until it ends, or stop it, then add epochs.")
        if run.resume_point is None:
            raise RunError(f"The run {run.title} has no saved epoch from which it could continue. Start it again.")
        done = run.epochs[-1].epoch if run.epochs else 0
        config = run.config.changed(epochs=done + epochs)
        images = run.started.train_images if run.started else 0
        total_seconds = forecast.forecast(config, images, self.store.runs()).seconds if images else 0.0
        run = self.store.write(
            run_id, config=config.to_dict(), recipe=matching_recipe(config), forecast_seconds=total_seconds
        )
        self._enqueue(run)

    def stop(self, run_id: str, *, visitor: str | None = None) -> None:
        """Stops a run and saves its weights, or takes a waiting run out of the queue."""
        run = self._get_controllable(run_id, visitor)
        if run.state == WAITING and self._queue.remove(run):
            return
        if run.active:
            ControlRequests(run).stop()

    def cancel(self, run_id: str, *, visitor: str | None = None) -> None:
        """Takes a waiting run out of the queue. A run that never trained goes to the trash and can be restored."""
        run = self._get_controllable(run_id, visitor)
        if not self._queue.remove(run):
            raise RunError(f"The run {run.title} is no longer waiting. Stop it instead.")

    def set_learning_rate(self, run_id: str, rate: float, *, visitor: str | None = None) -> None:
        """Sets the learning rate of a run that trains. Raises `ConfigError` if the rate is out of range."""
        _refuse_change(self.store.get(run_id))
        self._requests_to(run_id, visitor).learning_rate(rate)

    def may_control(self, run: Run, visitor: str) -> bool:
        """Whether this visitor may control the run: its starter, or anyone if DIGIT_LAB_ANYONE_STOPS is 1."""
        return not run.starter or run.starter == visitor or os.environ.get("DIGIT_LAB_ANYONE_STOPS") == "1"

    def close(self) -> None:
        """Ends the scheduler and the spare worker. Runs continue to train."""
        self._closed = True
        self._wake_up.set()
        with self._scheduling:  # else the thread could still start another spare worker
            self.place.close()

    def _get_controllable(self, run_id: str, visitor: str | None) -> Run:
        run = self.store.get(run_id)
        if run.shipped:
            raise RunError("The model that comes with Digit Lab is read-only. Train a run of your own.")
        if visitor is not None and not self.may_control(run, visitor):
            raise RunError(f"Somebody else started the run {run.title}. Only that person can control it.")
        return run

    def _requests_to(self, run_id: str, visitor: str | None) -> ControlRequests:
        run = self._get_controllable(run_id, visitor)
        if not run.active or run.state == WAITING:
            raise RunError(f"The run {run.title} is not training now, it is {run.state}. Resume it first.")
        return ControlRequests(run)

    def _enqueue(self, run: Run, *, step: bool = False) -> None:
        self._queue.add(run, step=step)
        self.place.forget_failures(run.id)
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
        if self._queue.waiting():
            self._queue.stop_long_pauses()
            for run, kind in self._queue.due():
                self.place.send(run, kind)

    def _print_once(self, problem: str) -> None:
        """Prints a traceback, but not the same one five times a second."""
        if problem != self._printed:
            self._printed = problem
            print(problem, file=sys.stderr)


def _refuse_change(run: Run) -> None:
    """What was predicted about a run holds for the knobs with which it started."""
    if run.prediction is not None:
        raise RunError(f"The result of the run {run.title} was predicted, so its knobs are fixed. Start a new run.")
