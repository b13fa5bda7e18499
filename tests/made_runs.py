"""Runs that were never trained: folders as a worker writes them, with made-up curves, for tests and benchmarks."""

import math
import random
from typing import Any

from core.config.run_config import RunConfig
from core.runs.events import FINISHED, BatchDone, EpochDone, RunEnded, Started
from core.runs.store import Run, RunStore
from core.runs.timeline import EventFile


def make(
    store: RunStore,
    config: RunConfig | None = None,
    *,
    level: float = 0.97,
    points: int = 40,
    outcome: str = FINISHED,
    test: float | None = None,
    **facts: Any,
) -> Run:
    """A run that has ended: its validation accuracy climbs to `level`, in `points` points within its epochs."""
    config = config or RunConfig()
    run = store.create(config, **facts)
    noise = random.Random(config.seed * 7919 + points)
    validated = config.validate_on != "none"
    batches = max(points // config.epochs, 1)
    file = EventFile(run.events_path)
    sizes = {"held-out": (54_000, 6_000), "test": (60_000, 10_000), "none": (60_000, 0)}[config.validate_on]
    file.append(Started(run.created, "CPU (2 cores)", 101_770, *sizes, batches, config.epochs, source="made up"))
    for epoch in range(1, config.epochs + 1):
        for batch in range(1, batches + 1):
            step = (epoch - 1) * batches + batch
            loss = 2.3 * math.exp(-3 * step / (batches * config.epochs)) + 0.05 * noise.random()
            file.append(BatchDone(step, epoch, batch, step * 0.05, loss, 1 - loss / 2.4, 50_000.0))
        reached = level - 0.08 * math.exp(-epoch) * (epoch < config.epochs)
        value = (0.3 - reached / 4, reached) if validated else (None, None)
        file.append(
            EpochDone(epoch * batches, epoch, epoch * batches * 0.05, loss, reached, config.learning_rate, *value)
        )
    seconds = config.epochs * batches * 0.05
    last = level if validated else None
    ended = RunEnded(
        outcome, "", run.created + seconds, config.epochs, seconds, 50_000.0, None, 0.99, 0.03, last, 0.06, test, None
    )
    file.append(ended)
    file.close()
    return run
