"""Runs with a film that were never trained by Keras: the last layer learns in NumPy, the others stay random."""

import numpy as np

from core.config.run_config import RunConfig
from core.data.mnist import Mnist
from core.network.architecture import layer_table
from core.network.forward import MODEL, forward_rows
from core.network.initial_weights import initial_weights
from core.runs.moments import write_moment
from core.runs.store import Run, RunStore
from core.training.batching import Sums
from core.training.moment_measure import MomentMeasure
from tests.made_runs import make

STEPS = (0, 1, 2, 4, 8, 16, 24, 32)
IMAGES = 400  # that it learns from
KERNEL, BIAS = f"{MODEL}/probabilities/kernel", f"{MODEL}/probabilities/bias"


def make_film(
    store: RunStore,
    config: RunConfig,
    data: Mnist,
    *,
    steps: tuple[int, ...] = STEPS,
    breaks_at: int | None = None,
    **facts: str,
) -> Run:
    """A run that has ended, with a moment after each of `steps`. breaks_at: the first step whose outputs are NaN."""
    run = make(store, config, **facts)
    weights = initial_weights(config)
    images, labels = data.train.images[:IMAGES], data.train.labels[:IMAGES]
    *_, (_, features) = forward_rows(layer_table(config)[:-1], weights, images)
    features = features.reshape(len(features), -1) / np.sqrt(features.var() * features[0].size + 1e-9)
    measure, before = MomentMeasure(config, data), None
    for step in range(max(steps) + 1):
        if step in steps:
            kept = tuple(weight.copy() for weight in weights.values())
            sums = Sums(0.5 * IMAGES, 0.8 * IMAGES, IMAGES) if step else None
            write_moment(run, measure(step, step / max(steps), sums, kept, before))
            before = (step, kept)
        logits = features @ weights[KERNEL] + weights[BIAS]
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        wrong = shares / shares.sum(axis=1, keepdims=True) - np.eye(10)[labels]
        speed = 20.0 if breaks_at is None or step < breaks_at - 1 else np.nan
        weights[KERNEL] = (weights[KERNEL] - speed * features.T @ wrong / len(images)).astype(np.float32)
        weights[BIAS] = (weights[BIAS] - 0.1 * speed * wrong.mean(axis=0)).astype(np.float32)
    return run
