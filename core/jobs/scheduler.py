"""The queue: who trains next, on which device, and what may be asked of a run.

The folder of runs is the truth. This module only looks at it five times a second and starts what is due, so that a
dashboard that was killed, or a second one beside it, finds everything as it is.
"""

import atexit
import os
import threading
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from typing import Any

from core.config.recipes import matching_recipe
from core.config.run_config import RunConfig
from core.devices import device_slot
from core.errors import RunError
from core.files import Lock, explain_disk_errors, write_json
from core.jobs.worker_pool import WORKER_COMMAND, WorkerPool
from core.network import forecast
from core.runs.control import ControlRequests
from core.runs.events import FINISHED
from core.runs.store import WAITING, Run, RunStore

POLL_SECONDS = 0.2
MAX_PAUSE_SECONDS = 60.0  # a paused run keeps its device from others; whoever went to lunch must not stop a class
RELEASE_SECONDS = 5.0  # for a worker to let go of a run that it may not train


class Scheduler:
    """One for a whole server. `by` names the visitor who asks; without it, nobody is refused."""

    def __init__(self, store: RunStore, *, spare: bool = True, worker: Sequence[str] | None = None) -> None:
        self.store = store
        self._workers = WorkerPool(store, spare=spare, command=worker or WORKER_COMMAND)
        self._wake_up = threading.Event()
        self._scheduling = threading.Lock()
        self._closed = False
        threading.Thread(target=self._loop, name="digit-lab-jobs", daemon=True).start()
        atexit.register(self.close)

    def submit(self, config: RunConfig, **facts: Any) -> Run:
        """A new run that waits for its device. `facts` as `RunStore.create` has them."""
        run = self.store.create(config, queued=True, **{"recipe": matching_recipe(config), **facts})
        self._wake_up.set()
        return run

    def queue(self) -> list[Run]:
        """The runs that wait, in the order in which they will train."""
        active = self.store.active()
        waiting = [run for run in active if run.state == WAITING]
        return fair_order(waiting, [run.starter for run in active if run.state != WAITING])

    def running(self) -> list[Run]:
        return [run for run in self.store.active() if run.state != WAITING]

    def is_blocking_others(self, run: Run) -> bool:
        """Whether somebody else waits for the device that this run holds."""
        return bool(self._blocked_by(run))

    def warm_up(self, config: RunConfig | None = None) -> None:
        """Somebody is about to train: keep a worker ready, for `config` if that is known."""
        self._workers.request_spare(config)
        self._wake_up.set()

    def pause(self, run_id: str, *, visitor: str | None = None) -> None:
        """Holds after the present engine call; the device stays taken."""
        self._requests_to(run_id, visitor).pause()

    def step(self, run_id: str, *, visitor: str | None = None) -> None:
        """Trains one epoch and holds. A run that does not train is resumed for it."""
        run = self._get_controllable(run_id, visitor)
        if run.active:
            ControlRequests(run).step()
        else:
            self._enqueue(run, step=True)

    def resume(self, run_id: str, *, visitor: str | None = None) -> None:
        """Goes on: after a pause at once, after an end from the last epoch that was kept."""
        run = self._get_controllable(run_id, visitor)
        if run.active:
            ControlRequests(run).resume()
        elif run.state == FINISHED:
            raise RunError(f"The run {run.title} has finished. Train it for more epochs, or start a new one.")
        else:
            self._enqueue(run)

    def add_epochs(self, run_id: str, epochs: int, *, visitor: str | None = None) -> None:
        """Trains a run that has ended for so many epochs more. Raises `ConfigError` beyond the knob's range."""
        run = self._get_controllable(run_id, visitor)
        if run.active:
            raise RunError(f"The run {run.title} still trains. Wait for its end, or stop it, then add epochs.")
        if run.resume_point is None:
            raise RunError(f"Of the run {run.title} no epoch was kept that could be trained on. Start it anew.")
        done = run.epochs[-1].epoch if run.epochs else 0
        config = run.config.changed(epochs=done + epochs)
        images = run.started.train_images if run.started else 0
        total_seconds = forecast.forecast(config, images, self.store.runs()).seconds if images else 0.0
        run = self.store.write(
            run_id, config=config.to_dict(), recipe=matching_recipe(config), forecast_seconds=total_seconds
        )
        self._enqueue(run)

    def stop(self, run_id: str, *, visitor: str | None = None) -> None:
        """Ends the run and keeps its weights; one that waits is withdrawn."""
        run = self._get_controllable(run_id, visitor)
        if run.state == WAITING and self._remove_from_queue(run):
            self._trash_if_untrained(run)
        elif run.active:
            ControlRequests(run).stop()

    def cancel(self, run_id: str, *, visitor: str | None = None) -> None:
        """Takes a waiting run out of the queue. One that never trained goes to the trash, from where it can return."""
        run = self._get_controllable(run_id, visitor)
        if not self._remove_from_queue(run):
            raise RunError(f"The run {run.title} no longer waits. Stop it instead.")
        self._trash_if_untrained(run)

    def set_learning_rate(self, run_id: str, rate: float, *, visitor: str | None = None) -> None:
        """Sets the learning rate of a run that trains. Raises `ConfigError` for a rate out of range."""
        self._requests_to(run_id, visitor).learning_rate(rate)

    def may_control(self, run: Run, visitor: str) -> bool:
        """Whether this visitor may stop or steer the run: its starter, or anyone if DIGIT_LAB_ANYONE_STOPS is 1."""
        return not run.starter or run.starter == visitor or os.environ.get("DIGIT_LAB_ANYONE_STOPS") == "1"

    def close(self) -> None:
        """Ends the scheduler and the spare worker; what trains goes on."""
        self._closed = True
        self._wake_up.set()
        with self._scheduling:  # else a look that has just begun would start another spare worker behind us
            self._workers.stop_spare()

    def _get_controllable(self, run_id: str, visitor: str | None) -> Run:
        run = self.store.get(run_id)
        if run.shipped:
            raise RunError("The model that came with Digit Lab can only be read. Train a run of your own.")
        if visitor is not None and not self.may_control(run, visitor):
            raise RunError(f"The run {run.title} was started by somebody else, and only its starter may steer it.")
        return run

    def _requests_to(self, run_id: str, visitor: str | None) -> ControlRequests:
        run = self._get_controllable(run_id, visitor)
        if not run.active or run.state == WAITING:
            raise RunError(f"The run {run.title} does not train now, it is {run.state}. Resume it first.")
        return ControlRequests(run)

    def _blocked_by(self, run: Run) -> list[Run]:
        """The runs of others that wait for the device of this one. One's own are no hurry: one can go on oneself."""
        device = device_slot(run.config.device)
        return [
            other
            for other in self.queue()
            if other.starter != run.starter and device_slot(other.config.device) == device
        ]

    def _enqueue(self, run: Run, *, step: bool = False) -> None:
        requests = ControlRequests(run)
        requests.clear()
        if step:
            requests.step()
        with explain_disk_errors(run.folder):
            write_json(run.folder / "queued", time.time())
        self._workers.reset_failures(run.id)
        self._wake_up.set()

    def _remove_from_queue(self, run: Run) -> bool:
        """Whether the run could be taken out of the queue before a worker took it."""
        try:
            (run.folder / "queued").unlink()
        except FileNotFoundError:
            return False
        return True

    def _trash_if_untrained(self, run: Run) -> None:
        if run.started is not None:
            return
        deadline = time.monotonic() + RELEASE_SECONDS
        while run.holder is not None and time.monotonic() < deadline:
            time.sleep(0.01)  # a worker that came a moment too late to claim it is just letting go
        self.store.delete(run.id)
        # Should it be restored, it waits again. Written only now: before, that worker would claim it after all.
        write_json(self.store.trash / run.id / "queued", run.created)

    def _loop(self) -> None:
        while not self._closed:
            self._wake_up.wait(POLL_SECONDS)
            self._wake_up.clear()
            try:
                with self._scheduling:
                    if not self._closed:
                        self._start_due_runs()
            except Exception:  # whatever is wrong with one folder, the queue goes on
                traceback.print_exc()

    def _start_due_runs(self) -> None:
        self._workers.collect_ended()
        busy_devices = self._workers.devices()
        waiting = self.queue()
        if waiting:
            self._stop_long_pauses()
        for run in waiting:
            device = device_slot(run.config.device)
            if device not in busy_devices and Lock(self.store.device_path(device)).holder() is None:
                self._workers.assign(run)
            busy_devices.add(device)  # one behind it, of any visitor, waits for its turn
        self._workers.update_spare()

    def _stop_long_pauses(self) -> None:
        """Stops the paused runs for whose device others have waited long enough; the pause may have begun before."""
        for run in self.running():
            since = run.paused_since
            if since is None or not (others := self._blocked_by(run)):
                continue
            waited_from = min(other.queued_since or since for other in others)
            if time.time() - max(since, waited_from) > MAX_PAUSE_SECONDS:
                ControlRequests(run).yield_device()


def fair_order(waiting: list[Run], busy: list[str]) -> list[Run]:
    """Turn by turn: everybody's first waiting run before anybody's second. `busy`: the starters of what trains now."""
    turns = Counter(busy)
    ordered = []
    for run in sorted(waiting, key=lambda run: (run.queued_since or 0.0, run.id)):
        ordered.append((turns[run.starter], run))
        turns[run.starter] += 1
    return [run for _, run in sorted(ordered, key=lambda pair: pair[0])]
