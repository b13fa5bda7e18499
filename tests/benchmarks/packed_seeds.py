"""What a step of N seeds costs in one compiled call, as a multiple of a step of one run.

    MNIST_PATH=… python -m tests.benchmarks.packed_seeds [--recipes chollet …] [--seeds 8]

with KERAS_BACKEND=jax for that backend, on a CPU or a GPU. Three ways to pack:

vmap      as the project does it (core.training.pack): `jax.vmap` or `tf.vectorized_map` make batched products
unrolled  the steps of N networks one after another in one program, with one optimiser for the stacked weights
separate  the steps of N networks, each with its optimiser, in one program

The last two are for TensorFlow alone.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import keras
import numpy as np

from core import process_settings
from core.config.recipes import RECIPES
from core.config.run_config import RunConfig
from core.data import mnist
from core.training import models
from core.training.batching import Call, LoopOptions, shuffled_order
from core.training.engine import Loop
from core.training.models import has_convolutions
from core.training.pack import PackedSteps
from core.training.train_step import logit_columns, logit_gradients

CONVOLUTION = RunConfig(network="conv16x3-pool2-dense64", optimizer="adam", batch_size=128, validate_on="none")
CONFIGS = {name: RECIPES[name].config for name in ("chollet", "quickstart", "dli")} | {"convolution": CONVOLUTION}
ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="*", default=list(CONFIGS), choices=list(CONFIGS))
    parser.add_argument("--seeds", type=int, default=8)
    asked = parser.parse_args()
    process_settings.apply()
    for name in asked.recipes:
        loop = one_run(CONFIGS[name])
        indices = shuffled_order(1, 0, len(loop.train))[: loop.batches_per_call * loop.batch_size]
        single, compiling = seconds(partial(loop.backend.run, Call(indices)))
        single /= loop.batches_per_call
        print(f"{name}: a step of one run {1000 * single:.3f} ms (first call {compiling:.1f} s)", flush=True)
        for way, call, steps in ways(loop, CONFIGS[name], asked.seeds):
            try:
                packed, compiling = seconds(call)
            except Exception as error:
                print(f"  {way}: {type(error).__name__}", flush=True)
                continue
            price = packed / steps / single
            print(
                f"  {way}: {1000 * packed / steps:.3f} ms, {price:.2f} times (first call {compiling:.1f} s)", flush=True
            )


def one_run(config: RunConfig) -> Loop:
    model, data = models.build(config), mnist.load().training
    loop = Loop(model, data, None, LoopOptions(config.batch_size, config.seed))
    if keras.backend.backend() == "jax":  # where `fit` would pass the values; a call then takes them for itself
        parts = model.trainable_variables, model.non_trainable_variables, model.optimizer.variables
        loop.backend.state = tuple([variable.value.copy() for variable in part] for part in parts)
    return loop


def seconds(call: Callable[[], Any]) -> tuple[float, float]:
    """The median of some calls, and the first one with compiling."""
    times = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:]), times[0]


def drawn(loop: Loop, seeds: int) -> np.ndarray:
    """The images of some steps of all networks: int32 (steps, seeds, batch)."""
    steps = max(1, loop.batches_per_call // seeds)
    shape = steps, seeds, loop.batch_size
    return np.random.default_rng(0).integers(0, len(loop.train), shape).astype(np.int32)


def ways(loop: Loop, config: RunConfig, seeds: int) -> Iterator[tuple[str, Callable[[], Any], int]]:
    """Each way: its name, a call of some steps of all networks, and how many steps."""
    loops = dict(enumerate(one_run(config.changed(seed=seed)) for seed in range(1, seeds + 1)))
    packed = PackedSteps.of({place: each.backend for place, each in loops.items()})
    steps = max(1, loop.batches_per_call // seeds)
    indices = {place: each.shuffled_order(0)[: steps * each.batch_size] for place, each in loops.items()}
    yield "vmap", lambda: packed.run({place: Call(each) for place, each in indices.items()}), steps
    if keras.backend.backend() != "jax":
        yield from on_tensorflow(loop, config, seeds)


def on_tensorflow(loop: Loop, config: RunConfig, seeds: int) -> Iterator[tuple[str, Callable[[], Any], int]]:
    import tensorflow as tf

    batches = tf.constant(drawn(loop, seeds))
    steps, size = batches.shape[0], float(loop.batch_size)
    images, labels = loop.backend.images, loop.backend.labels

    def compiled(step: Callable[[Any], Any]) -> Callable[[], Any]:
        def train(batches: Any) -> Any:
            logits = tf.TensorArray(tf.float32, steps, element_shape=(seeds, 10, loop.batch_size))
            body = lambda at, kept: (at + 1, kept.write(at, step(batches[at])))  # noqa: E731
            return tf.while_loop(lambda at, *_: at < steps, body, (0, logits), parallel_iterations=1)[1].stack()

        program = tf.function(train, jit_compile=not has_convolutions(loop.model), autograph=False)
        return lambda: program(batches).numpy()

    yield "unrolled", compiled(_stacked_step(loop, seeds)), steps
    programs = [one_run(config.changed(seed=seed)).backend.program for seed in range(1, seeds + 1)]

    def separate(batch: Any) -> Any:
        return tf.stack([each.train_step(images, labels, batch[at], size, 0.0) for at, each in enumerate(programs)])

    yield "separate", compiled(separate), steps


def _stacked_step(loop: Loop, seeds: int) -> Callable[[Any], Any]:
    """One step of all networks, whose weights are stacked along a new first axis."""
    import tensorflow as tf

    network, size = loop.backend.program.model, float(loop.batch_size)
    images, labels = loop.backend.images, loop.backend.labels
    weights = [keras.Variable(tf.stack([weight.value] * seeds)) for weight in network.trainable_variables]
    optimizer = type(network.optimizer).from_config(network.optimizer.get_config())
    optimizer.build(weights)

    def forward(arguments: Any) -> Any:
        own_weights, own_images = arguments
        pairs = list(zip(network.trainable_variables, own_weights, strict=True))
        with keras.StatelessScope(state_mapping=pairs):
            return logit_columns(network, own_images, optimizer.iterations)

    def step(batch: Any) -> Any:
        seen, right = tf.gather(images, batch), tf.gather(labels, batch)
        values = [weight.value for weight in weights]
        with tf.GradientTape() as tape:
            stacked = [tf.convert_to_tensor(value) for value in values]
            logits = tf.stack([forward(([each[at] for each in stacked], seen[at])) for at in range(seeds)])
        above = tf.stack([logit_gradients(right[at], logits[at], size) for at in range(seeds)])
        optimizer.apply(tape.gradient(logits, values, above), weights)
        return logits

    return step


if __name__ == "__main__":
    main()
