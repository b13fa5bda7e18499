"""Queue and workers: who trains next, on which device, and what may be asked of a run.

The folder of runs is the truth. This module only looks at it five times a second and starts what is due, so that a
dashboard that was killed, or a second one beside it, finds everything as it is.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from core import rehearsal
from core.architecture import parameter_count
from core.config import RunConfig
from core.control import Wishes
from core.devices import slot
from core.errors import RunError
from core.events import FAILED, FINISHED, RunEnded
from core.files import Lock, disk_errors, write_json
from core.recipes import recipe_of
from core.runs import WAITING, Run, RunStore
from core.timeline import EventFile

ROOT = Path(__file__).parents[1]
WORKER = (sys.executable, "-m", "core.worker")
LOOK_SECONDS = 0.2
SPARE_SECONDS = 15 * 60  # a spare worker nobody has asked for goes home after this, with its 550 MB
SETTLED_SECONDS = 1.0  # a knob that is still being turned is not worth compiling for
MOST_REHEARSED = 5_000_000  # parameters: a larger network would lie in the spare worker's memory, perhaps for nothing
ATTEMPTS = 2  # workers that may die before they begin, before a run is called failed


class Jobs:
    """One for a whole server. `by` names the visitor who asks; without it, nobody is refused."""

    def __init__(self, store: RunStore, *, spare: bool = True, worker: Sequence[str] | None = None) -> None:
        self.store = store
        self._workers = Workers(store, spare=spare, command=worker or WORKER)
        self._due = threading.Event()
        self._closed = False
        threading.Thread(target=self._look_after, name="digit-lab-jobs", daemon=True).start()
        atexit.register(self.close)

    def submit(self, config: RunConfig, **facts: Any) -> Run:
        """A new run that waits for its device. `facts` as `RunStore.create` has them."""
        run = self.store.create(config, queued=True, **{"recipe": recipe_of(config), **facts})
        self._due.set()
        return run

    def queue(self) -> list[Run]:
        """The runs that wait, in the order in which they will train."""
        active = self.store.active()
        waiting = [run for run in active if run.state == WAITING]
        return fair_order(waiting, [run.starter for run in active if run.state != WAITING])

    def running(self) -> list[Run]:
        return [run for run in self.store.active() if run.state != WAITING]

    def warm(self, config: RunConfig | None = None) -> None:
        """Somebody is about to train: keep a worker ready, for `config` if that is known."""
        self._workers.wanted = time.monotonic()
        if config is not None:
            self._workers.expect(config)
        self._due.set()

    def pause(self, run_id: str, *, by: str | None = None) -> None:
        """Holds after the present engine call; the device stays taken."""
        self._training(run_id, by).pause()

    def step(self, run_id: str, *, by: str | None = None) -> None:
        """Trains one epoch and holds. A run that does not train is resumed for it."""
        run = self._allowed(run_id, by)
        if run.active:
            Wishes(run).step()
        else:
            self._enqueue(run, step=True)

    def resume(self, run_id: str, *, by: str | None = None) -> None:
        """Goes on: after a pause at once, after an end from the last epoch that was kept."""
        run = self._allowed(run_id, by)
        if run.active:
            Wishes(run).go_on()
        elif run.state == FINISHED:
            raise RunError(f"The run {run.title} has finished. Train it for more epochs, or start a new one.")
        else:
            self._enqueue(run)

    def more_epochs(self, run_id: str, epochs: int, *, by: str | None = None) -> None:
        """Trains a run that has ended for so many epochs more. Raises `ConfigError` beyond the knob's range."""
        run = self._allowed(run_id, by)
        if run.active:
            raise RunError(f"The run {run.title} still trains. Wait for its end, or stop it, then add epochs.")
        if not run.state_path.exists():
            raise RunError(f"Of the run {run.title} no epoch was kept that could be trained on. Start it anew.")
        done = run.epochs[-1].epoch if run.epochs else 0
        config = run.config.changed(epochs=done + epochs)
        run = self.store.write(run_id, config=config.to_dict(), recipe=recipe_of(config))
        self._enqueue(run)

    def stop(self, run_id: str, *, by: str | None = None) -> None:
        """Ends the run and keeps its weights; one that waits is withdrawn."""
        run = self._allowed(run_id, by)
        if run.state == WAITING and self._unqueued(run):
            self._put_away(run)
        elif run.active:
            Wishes(run).stop()

    def withdraw(self, run_id: str, *, by: str | None = None) -> None:
        """Takes a waiting run out of the queue. One that never trained goes to the trash, from where it can return."""
        run = self._allowed(run_id, by)
        if not self._unqueued(run):
            raise RunError(f"The run {run.title} no longer waits. Stop it instead.")
        self._put_away(run)

    def set_learning_rate(self, run_id: str, rate: float, *, by: str | None = None) -> None:
        """Sets the learning rate of a run that trains. Raises `ConfigError` for a rate out of range."""
        self._training(run_id, by).learning_rate(rate)

    def may_control(self, run: Run, visitor: str) -> bool:
        """Whether this visitor may stop or steer the run: its starter, or anyone if DIGIT_LAB_ANYONE_STOPS is 1."""
        return not run.starter or run.starter == visitor or os.environ.get("DIGIT_LAB_ANYONE_STOPS") == "1"

    def close(self) -> None:
        """Ends the scheduler and the spare worker; what trains goes on."""
        self._closed = True
        self._due.set()
        self._workers.send_home()

    def _allowed(self, run_id: str, by: str | None) -> Run:
        run = self.store.get(run_id)
        if run.shipped:
            raise RunError("The model that came with Digit Lab can only be read. Train a run of your own.")
        if by is not None and not self.may_control(run, by):
            raise RunError(f"The run {run.title} was started by somebody else, and only its starter may steer it.")
        return run

    def _training(self, run_id: str, by: str | None) -> Wishes:
        run = self._allowed(run_id, by)
        if not run.active or run.state == WAITING:
            raise RunError(f"The run {run.title} does not train now, it is {run.state}. Resume it first.")
        return Wishes(run)

    def _enqueue(self, run: Run, *, step: bool = False) -> None:
        wishes = Wishes(run)
        wishes.clear()
        if step:
            wishes.step()
        with disk_errors(run.folder):
            write_json(run.folder / "queued", time.time())
        self._workers.failures.pop(run.id, None)
        self._due.set()

    def _unqueued(self, run: Run) -> bool:
        """Whether the run could be taken out of the queue before a worker took it."""
        try:
            (run.folder / "queued").unlink()
        except FileNotFoundError:
            return False
        return True

    def _put_away(self, run: Run) -> None:
        if run.started is None:
            write_json(run.folder / "queued", run.created)  # should it be restored, it waits again
            self.store.delete(run.id)

    def _look_after(self) -> None:
        while not self._closed:
            self._due.wait(LOOK_SECONDS)
            self._due.clear()
            try:
                self._start_what_is_due()
            except Exception:  # whatever is wrong with one folder, the queue goes on
                traceback.print_exc()

    def _start_what_is_due(self) -> None:
        self._workers.look_after()
        taken = self._workers.devices()
        for run in self.queue():
            device = slot(run.config.device)
            if device not in taken and Lock(self.store.device_path(device)).holder() is None:
                self._workers.send(run)
            taken.add(device)  # one behind it, of any visitor, waits for its turn
        self._workers.keep_ready()


class Workers:
    """The worker processes that this server started: the spare one, and those on their way to a run."""

    def __init__(self, store: RunStore, *, spare: bool, command: Sequence[str]) -> None:
        self.store, self.spare_allowed, self.command = store, spare, command
        self.wanted: float = -SPARE_SECONDS
        self.failures: Counter[str] = Counter()
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

    def expect(self, config: RunConfig) -> None:
        """`config` is likely to be trained: once it has stood for a moment, the spare worker has it compiled."""
        config = rehearsal.rehearsed(config)
        if parameter_count(config) > MOST_REHEARSED:
            self._expected = None
        elif self._expected is None or self._expected[0] != config:
            self._expected = config, time.monotonic()

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
                self.failures[run_id] += 1
                if self.failures[run_id] >= ATTEMPTS:
                    _give_up(run)

    def keep_ready(self) -> None:
        """Holds one spare worker while somebody is likely to train and none is at work, and no longer."""
        wanted = self.spare_allowed and time.monotonic() - self.wanted < SPARE_SECONDS
        if self._spare and (not wanted or self._spare.poll() is not None):
            self.send_home()
        elif wanted and self._spare is None and not self._sent:
            self._spare, self._rehearsed = self._start(), None
        if self._spare and self._expected and self._expected[0] != self._rehearsed:
            config, since = self._expected
            if time.monotonic() - since > SETTLED_SECONDS:
                self._rehearsed = config
                _tell(self._spare, json.dumps(config.to_dict()))

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


def fair_order(waiting: list[Run], busy: list[str]) -> list[Run]:
    """Turn by turn: everybody's first waiting run before anybody's second. `busy`: the starters of what trains now."""
    turns = Counter(busy)
    ordered = []
    for run in sorted(waiting, key=lambda run: (run.queued_since or 0.0, run.id)):
        ordered.append((turns[run.starter], run))
        turns[run.starter] += 1
    return [run for _, run in sorted(ordered, key=lambda pair: pair[0])]


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
    with suppress(RunError):
        file = EventFile(run.events_path)
        file.append(RunEnded(FAILED, reason, time.time(), epochs=0))
        file.close()
        (run.folder / "queued").unlink(missing_ok=True)
