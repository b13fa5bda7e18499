"""What a step of N seeds costs in one compiled call, as a multiple of a step of one run.

    MNIST_PATH=… python -m tests.benchmarks.packed_seeds [--recipes chollet …] [--seeds 8]

with KERAS_BACKEND=jax for that backend, on a CPU or a GPU. Three ways to pack:

vmap      one step with a new first axis in all weights, by `jax.vmap` or `tf.vectorized_map`: batched products
unrolled  the steps of N networks one after another in one program, with one optimiser for the stacked weights
separate  the steps of N networks, each with its optimiser, in one program
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
    pack = on_jax if keras.backend.backend() == "jax" else on_tensorflow
    for name in asked.recipes:
        loop = one_run(CONFIGS[name])
        indices = shuffled_order(1, 0, len(loop.train))[: loop.batches_per_call * loop.batch_size]
        single, compiling = seconds(partial(loop.backend.run, Call(indices)))
        single /= loop.batches_per_call
        print(f"{name}: a step of one run {1000 * single:.3f} ms (first call {compiling:.1f} s)", flush=True)
        for way, call, steps in pack(loop, CONFIGS[name], asked.seeds):
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
    data = mnist.load().training
    return Loop(models.build(config), data, None, LoopOptions(config.batch_size, config.seed))


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


def on_jax(loop: Loop, config: RunConfig, seeds: int) -> Iterator[tuple[str, Callable[[], Any], int]]:
    import jax
    from jax import numpy as jnp

    program, images, labels = loop.backend.program, loop.backend.images, loop.backend.labels
    if program.compact:
        program.compact.copy_from_model()
    model, batches = program.model, drawn(loop, seeds)
    variables = model.trainable_variables, model.non_trainable_variables, model.optimizer.variables
    state = tuple([jnp.stack([variable.value] * seeds) for variable in part] for part in variables)

    def step(state: Any, batch: Any) -> tuple[Any, Any]:
        return program._train_step(state, images[batch], labels[batch], jnp.float32(loop.batch_size))

    def train(state: Any, batches: Any) -> tuple[Any, Any]:
        return jax.lax.scan(jax.vmap(step), state, batches)

    compiled, kept = jax.jit(train, donate_argnums=0), [state]

    def call() -> None:
        kept[0], logits = compiled(kept[0], batches)
        jax.block_until_ready(logits)

    yield "vmap", call, len(batches)


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

    for way in ("vmap", "unrolled"):
        yield way, compiled(_stacked_step(loop, seeds, way)), steps
    programs = [one_run(config.changed(seed=seed)).backend.program for seed in range(1, seeds + 1)]

    def separate(batch: Any) -> Any:
        return tf.stack([each.train_step(images, labels, batch[at], size, 0.0) for at, each in enumerate(programs)])

    yield "separate", compiled(separate), steps


def _stacked_step(loop: Loop, seeds: int, way: str) -> Callable[[Any], Any]:
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
            if way == "vmap":
                logits = tf.vectorized_map(forward, (stacked, seen))
            else:
                logits = tf.stack([forward(([each[at] for each in stacked], seen[at])) for at in range(seeds)])
        above = tf.stack([logit_gradients(right[at], logits[at], size) for at in range(seeds)])
        optimizer.apply(tape.gradient(logits, values, above), weights)
        return logits

    return step


if __name__ == "__main__":
    main()
