"""Ends workers and servers at random moments and counts what is lost.

    .venv/bin/python -m tests.benchmarks.kill_loop [--rounds 100] [--servers 10] [--epochs 300] [--minutes 60]

Each round starts a worker on a new run or on one that was ended before, lets it live for a random time, from its
imports to late in its training, and ends it: two of three times with `kill -9`, else by a Stop. A round of a server
kills a dashboard's queue, and every second time the worker with it, and starts another one. After each round every run
must be listed and readable, with every epoch that it ever recorded. At the end all runs are trained to their end and
compared with one that was never ended.
"""

import argparse
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.config.run_config import RunConfig
from core.jobs.recorder import RunRecorder
from core.jobs.scheduler import Scheduler
from core.runs.checkpoints import read_arrays, read_state
from core.runs.store import Run, RunStore

CONFIG = RunConfig(units=32, dropout=0.2, train_images=400, batch_size=50)
RUNS = 5
ENDED = ("interrupted", "stopped")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("rounds", 100), ("servers", 0), ("epochs", 300), ("seed", 1), ("minutes", 60)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    chance, config = random.Random(asked.seed), CONFIG.changed(epochs=asked.epochs)
    with tempfile.TemporaryDirectory(prefix="digit-lab-kills-") as home:
        os.environ.update(DIGIT_LAB_HOME=home, KERAS_HOME=home)
        os.environ.pop("MNIST_PATH", None)
        store, recorded, ends = RunStore(Path(home)), {}, Counter()
        latest = time.monotonic() + 60 * asked.minutes  # after this, no round begins
        for number in range(1, asked.rounds + 1):
            if time.monotonic() > latest:
                break
            ends[_round(store, config, chance)] += 1
            _check(store, recorded)
            print(f"{number}: {recorded}", flush=True)
        for _ in range(asked.servers):
            ends[_server_round(store, config, chance)] += 1
            _check(store, recorded)
            print(f"a server: {recorded}", flush=True)
        print(f"{sum(ends.values())} ended: {dict(ends)}; runs lost 0, unreadable 0")
        _compare(store, config)


def _round(store: RunStore, config: RunConfig, chance: random.Random) -> str:
    """Starts a worker and ends it; returns how it ended, and what the run was doing."""
    run = _victim(store, config, chance)
    end = chance.choice((_Worker.kill, _Worker.kill, _Worker.stop))
    return f"{end.__name__} while {_end(store, run, chance, end)}"


def _victim(store: RunStore, config: RunConfig, chance: random.Random) -> Run:
    """A new run, or one that was interrupted or stopped before."""
    runs = [run for run in _own(store) if run.state in ENDED]
    if len(_own(store)) < RUNS or not runs:
        return store.create(config, queued=True)
    run = chance.choice(runs)
    _queue(run)
    return run


def _queue(run: Run) -> None:
    run.control_path.unlink(missing_ok=True)
    run.queued_path.write_text(str(time.time()))


def _end(store: RunStore, run: Run, chance: random.Random, end: Callable[["_Worker"], None]) -> str:
    """Lets a worker live for a while and ends it; returns what the run was doing."""
    epochs = len(run.epochs)
    worker = _Worker(store, run)
    if chance.random() < 0.2:  # while it claims the run or builds the network
        time.sleep(chance.uniform(0, 2.0))
    else:  # while it trains or saves an epoch
        until = epochs + chance.randrange(6)
        while not worker.ended() and (run.state != "running" or len(run.epochs) < until):
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.2))
    state = run.state
    end(worker)
    return state


class _Child:
    """A process forked from this one: TensorFlow is imported once."""

    def __init__(self, do: Callable[[], object]) -> None:
        self.pid = os.fork()
        if self.pid == 0:
            try:
                with open(os.devnull, "w") as nowhere:
                    os.dup2(nowhere.fileno(), 1)
                    os.dup2(nowhere.fileno(), 2)
                do()
            finally:
                os._exit(0)

    def ended(self) -> bool:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self) -> None:
        os.waitpid(self.pid, 0)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self.wait()


class _Worker(_Child):
    """What `core.jobs.worker` does with a run."""

    def __init__(self, store: RunStore, run: Run) -> None:
        def train() -> None:
            recorder = RunRecorder(RunStore(store.home), run.id)
            signal.signal(signal.SIGTERM, lambda *_: recorder.stop())
            recorder.run(claim=True)

        super().__init__(train)

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGTERM)
        self.wait()


def _server_round(store: RunStore, config: RunConfig, chance: random.Random) -> str:
    """Kills a server that has a run to train, and then waits until its worker has ended or kills it too."""
    run = _victim(store, config, chance)

    def serve() -> None:
        Scheduler(RunStore(store.home), spare=False)
        time.sleep(60)

    server = _Child(serve)
    deadline = time.monotonic() + chance.uniform(0, 12)
    while time.monotonic() < deadline and not (chance.random() < 0.002 and run.state == "running"):
        time.sleep(0.01)
    state = run.state
    server.kill()
    with_worker = chance.random() < 0.5
    while (holder := run.holder) is not None:  # it outlives its server
        if with_worker and "pid" in holder:
            os.kill(int(holder["pid"]), signal.SIGKILL)
        time.sleep(0.05)
    time.sleep(0.5)  # a worker that had not begun reads the end of its input and exits
    return f"server{' and worker' * with_worker} while {state}"


def _check(store: RunStore, recorded: dict[str, int]) -> None:
    fresh = RunStore(store.home)  # as a dashboard that starts now sees it
    assert not fresh.damaged(), fresh.damaged()
    assert set(recorded) <= {run.id for run in _own(fresh)}, "a run was lost"
    for run in _own(fresh):
        assert run.state in ("waiting", "finished", *ENDED), (run.id, run.state)
        kept = run.checkpoint_epochs
        for epoch in kept[-3:]:
            read_arrays(run.epoch_path(epoch))
        if run.epochs:
            assert read_state(run.state_path).epoch >= run.epochs[-1].epoch, "an epoch was recorded before it was saved"
        # A resume begins at the saved state, which is never behind the recorded epochs.
        assert len(run.epochs) >= recorded.get(run.id, 0), "a recorded epoch was lost"
        recorded[run.id] = len(run.epochs)


def _compare(store: RunStore, config: RunConfig) -> None:
    """Trains all runs to their end, and another one without any interruption."""
    ended = _own(store)
    whole = store.create(config, queued=True)
    for run in (*ended, whole):
        if run.state in ENDED:
            _queue(run)
        if run.state != "finished":
            _Worker(store, run).wait()
        assert run.state == "finished", (run.id, run.state)
    never = read_arrays(whole.epoch_path(config.epochs))
    for run in ended:
        survivor = read_arrays(run.epoch_path(config.epochs))
        assert set(survivor) == set(never)
        assert all(np.array_equal(survivor[name], never[name]) for name in never), f"{run.id} is another network"
        assert [epoch.loss for epoch in run.epochs] == [epoch.loss for epoch in whole.epochs], f"{run.id}: other losses"
    print(f"{len(ended)} of {len(ended)} runs end bit for bit like a run that was never ended")


def _own(store: RunStore) -> list[Run]:
    return [run for run in store.runs() if not run.shipped]


if __name__ == "__main__":
    main()
