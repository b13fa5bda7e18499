"""`python -m tests.benchmarks.kill_loop [ROUNDS]`: ends workers at random moments and counts what is lost.

Each round starts a worker on a new run or on one that was ended before, lets it live for a random time, from its
imports to late in its training, and ends it: two of three times with `kill -9`, else by a Stop. Then every run must be
listed and readable, with every epoch that it ever recorded. At the end, one of these runs is trained to its end and
compared with a run that was never ended.
"""

import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.config.run_config import RunConfig
from core.jobs.recorder import RunRecorder
from core.runs.checkpoints import read_arrays, read_state
from core.runs.store import Run, RunStore

CONFIG = RunConfig(units=32, dropout=0.2, train_images=400, batch_size=50, epochs=300)
RUNS = 5


def main(rounds: int = 100, seed: int = 1) -> None:
    chance = random.Random(seed)

    with tempfile.TemporaryDirectory(prefix="digit-lab-kills-") as home:
        os.environ.update(DIGIT_LAB_HOME=home, KERAS_HOME=home)
        os.environ.pop("MNIST_PATH", None)
        store, recorded, states = RunStore(Path(home)), {}, Counter()
        for number in range(1, rounds + 1):
            run = _victim(store, chance)
            end = chance.choice((_Worker.kill, _Worker.kill, _Worker.stop))
            state = _end(store, run, chance, end)
            states[f"{end.__name__} while {state}"] += 1
            _check(store, recorded)
            print(f"{number}: {run.id}, {end.__name__} while {state}, {len(run.epochs)} epochs recorded", flush=True)
        print(f"{rounds} rounds, {sum(states.values())} counted: {dict(states)}; runs lost 0, unreadable 0")
        _compare(store, max(_own(store), key=lambda run: len(run.epochs)))


def _victim(store: RunStore, chance: random.Random) -> Run:
    """A new run, or one that was interrupted or stopped before."""
    runs = [run for run in _own(store) if run.state in ("interrupted", "stopped")]
    if len(_own(store)) < RUNS or not runs:
        return store.create(CONFIG, queued=True)
    run = chance.choice(runs)
    (run.folder / "queued").write_text(str(time.time()))
    return run


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


class _Worker:
    """`core.jobs.worker` in a process of its own. TensorFlow is imported once, and each worker forked from there."""

    def __init__(self, store: RunStore, run: Run) -> None:
        self.pid = os.fork()
        if self.pid == 0:
            try:
                with open(os.devnull, "w") as nowhere:
                    os.dup2(nowhere.fileno(), 1)
                    os.dup2(nowhere.fileno(), 2)
                recorder = RunRecorder(RunStore(store.home), run.id)
                signal.signal(signal.SIGTERM, lambda *_: recorder.stop())
                recorder.run(claim=True)
            finally:
                os._exit(0)

    def ended(self) -> bool:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self) -> None:
        os.waitpid(self.pid, 0)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGTERM)
        self.wait()


def _check(store: RunStore, recorded: dict[str, int]) -> None:
    fresh = RunStore(store.home)  # as a dashboard that starts now sees it
    assert not fresh.damaged(), fresh.damaged()
    assert set(recorded) <= {run.id for run in _own(fresh)}, "a run was lost"
    for run in _own(fresh):
        assert run.state in ("interrupted", "waiting", "stopped", "finished"), (run.id, run.state)
        kept = run.checkpoint_epochs
        for epoch in kept[-3:]:
            read_arrays(run.epoch_path(epoch))
        if run.epochs:
            assert read_state(run.state_path).epoch >= run.epochs[-1].epoch, "an epoch was recorded before it was saved"
        # A resume begins at the saved state, which is never behind the recorded epochs.
        assert len(run.epochs) >= recorded.get(run.id, 0), "a recorded epoch was lost"
        recorded[run.id] = len(run.epochs)


def _compare(store: RunStore, run: Run) -> None:
    """Trains a survivor to its end, and another run without any interruption."""
    whole = store.create(CONFIG, queued=True)
    for each in (run, whole):
        if each.state in ("interrupted", "stopped"):
            (each.folder / "queued").write_text(str(time.time()))
        _Worker(store, each).wait()
    survivor, never = (read_arrays(each.epoch_path(CONFIG.epochs)) for each in (run, whole))
    same = all(np.array_equal(survivor[name], never[name]) for name in never)
    print(f"the survivor {run.id} ends {'bit for bit' if same else 'NOT'} like a run that was never ended")
    assert same


def _own(store: RunStore) -> list[Run]:
    return [run for run in store.runs() if not run.shipped]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
