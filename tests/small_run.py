"""A run that a worker trains to its end within a second, and what tests ask of it."""

import time

import numpy as np

from core.config.run_config import RunConfig
from core.runs.checkpoints import read_arrays
from core.runs.store import Run, RunStore

SMALL = RunConfig(units=16, train_images=400, epochs=3, batch_size=50)


def train(store: RunStore, config: RunConfig, **facts):
    """The run and its last word."""
    from core.jobs.recorder import RunRecorder

    run = store.create(config, **facts)
    return run, RunRecorder(store, run.id).run()


def weights_of(run: Run) -> dict[str, np.ndarray]:
    """Of the last epoch that was kept."""
    return read_arrays(run.epoch_path(run.checkpoint_epochs[-1]))


def wait_until(true, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
