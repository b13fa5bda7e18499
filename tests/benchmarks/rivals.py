"""The same training by other libraries, and the time that its arithmetic alone takes."""

import time
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from core.config.run_config import RunConfig
from core.data.mnist import Mnist
from core.training.batching import VALIDATION_BATCH


def processor() -> str:
    """The processor's own name, where Linux tells it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "CPU")


def arithmetic_seconds(config: RunConfig, images: int, validated: int) -> float:
    """Seconds that the matrix products of one epoch take at the recipe's shapes, by the quickest library at hand.

    validated: images that are only read, after each epoch.
    """
    widths = [784, *(layer.size for layer in config.layers if layer.kind == "dense"), 10]
    size, training, reading = config.batch_size, 0.0, 0.0
    for place, (below, above) in enumerate(pairwise(widths)):
        training += _product_seconds(size, below, above) + _product_seconds(below, size, above)
        if place:  # nothing is handed down from the first layer
            training += _product_seconds(size, above, below)
        if validated:
            reading += _product_seconds(VALIDATION_BATCH, below, above)
    return training * images / size + reading * validated / VALIDATION_BATCH


def _product_seconds(rows: int, inner: int, columns: int) -> float:
    """The least time of one product (rows, inner) · (inner, columns) in float32, of the libraries at hand."""
    left, right = np.ones((rows, inner), np.float32), np.ones((inner, columns), np.float32)
    times = max(8, int(1e9 / (2 * rows * inner * columns)))

    out = np.empty((rows, columns), np.float32)
    ways: list[Any] = [lambda: [np.matmul(left, right, out=out) for _ in range(times)]]
    # In the loops each product hangs on the one before, so that none is left out.
    if find_spec("jax"):
        import jax

        jitted = jax.jit(lambda a, b: jax.lax.fori_loop(0, times, lambda _, a: a + (a @ b)[0, 0] * 1e-30, a))
        ways.append(lambda: jitted(left, right).block_until_ready())
    if find_spec("tensorflow"):
        import tensorflow as tf

        def looped(left: Any, right: Any) -> Any:
            body = lambda i, a: (i + 1, a + tf.matmul(a, right)[0, 0] * 1e-30)  # noqa: E731
            return tf.while_loop(lambda i, _: i < times, body, (0, left))[1]

        graph = tf.function(looped, autograph=False)
        xla = tf.function(looped, autograph=False, jit_compile=True)
        ways += [lambda: graph(left, right).numpy(), lambda: xla(left, right).numpy()]
    return min(map(_least, ways)) / times


def _least(way: Any, rounds: int = 7) -> float:
    way()
    seconds = []
    for _ in range(rounds):
        begin = time.perf_counter()
        way()
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def jax_scan(config: RunConfig, data: Mnist) -> float:
    """Seconds of a hand-written JAX training: one jitted `lax.scan` an epoch over resident data, compiling included."""
    import jax
    from jax import numpy as jnp

    images = jnp.asarray(data.training.images.reshape(-1, 784))
    labels = jnp.asarray(data.training.labels)
    tests, answers = jnp.asarray(data.test.images.reshape(-1, 784)), jnp.asarray(data.test.labels)
    widths = [784, *(layer.size for layer in config.layers if layer.kind == "dense"), 10]
    rng = np.random.default_rng(1)
    weights = [
        (jnp.asarray(rng.uniform(-1, 1, (a, b)) * np.sqrt(6 / (a + b)), jnp.float32), jnp.zeros(b))
        for a, b in pairwise(widths)
    ]
    rate = next((layer.rate for layer in config.layers if layer.kind == "dropout"), 0.0)

    def scores(weights: Any, x: Any, key: Any) -> Any:
        x = x.astype(jnp.float32) / 255
        for kernel, bias in weights[:-1]:
            x = jax.nn.relu(x @ kernel + bias)
            if rate and key is not None:
                x = jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)
        return x @ weights[-1][0] + weights[-1][1]

    def loss(weights: Any, x: Any, y: Any, key: Any) -> Any:
        return -jnp.take_along_axis(jax.nn.log_softmax(scores(weights, x, key)), y[:, None].astype(int), 1).mean()

    def step(state: Any, batch: Any) -> Any:
        weights, first, second, count = state
        key = jax.random.fold_in(jax.random.key(1), count)
        value, slopes = jax.value_and_grad(loss)(weights, images[batch], labels[batch], key)
        count = count + 1
        mapped = jax.tree.map
        if config.optimizer == "rmsprop":
            second = mapped(lambda v, g: 0.9 * v + 0.1 * g * g, second, slopes)
            weights = mapped(lambda w, g, v: w - 1e-3 * g / jnp.sqrt(v + 1e-7), weights, slopes, second)
        else:
            first = mapped(lambda m, g: 0.9 * m + 0.1 * g, first, slopes)
            second = mapped(lambda v, g: 0.999 * v + 0.001 * g * g, second, slopes)
            length = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            weights = mapped(lambda w, m, v: w - length * m / (jnp.sqrt(v) + 1e-7), weights, first, second)
        return (weights, first, second, count), value

    epoch = jax.jit(lambda state, batches: jax.lax.scan(step, state, batches), donate_argnums=0)
    tested = jax.jit(lambda weights: (scores(weights, tests, None).argmax(1) == answers).mean())
    begin = time.perf_counter()
    state = (weights, jax.tree.map(jnp.zeros_like, weights), jax.tree.map(jnp.zeros_like, weights), 0)
    for _ in range(config.epochs):
        batches = rng.permutation(len(images))[: len(images) // config.batch_size * config.batch_size]
        state, values = epoch(state, batches.reshape(-1, config.batch_size).astype(np.int32))
        values.block_until_ready()
        if config.validate_on == "test":
            tested(state[0]).block_until_ready()
    seconds = time.perf_counter() - begin
    assert tested(state[0]) > 0.96
    return seconds


def scikit_learn(config: RunConfig, data: Mnist) -> float:
    """Seconds of scikit-learn's `MLPClassifier` with the same layers, batch and epochs."""
    import warnings

    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        [layer.size for layer in config.layers], batch_size=config.batch_size, max_iter=config.epochs, alpha=0.0
    )
    images = (data.training.images.reshape(-1, 784) / 255).astype(np.float32)
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that ten epochs are not the end of learning
        model.fit(images, data.training.labels)
    return time.perf_counter() - begin


def torch_arguments(config: RunConfig) -> list[str]:
    """A recipe as `torch_loop.py` takes it: optimiser, batch, epochs, dropout, and the hidden widths."""
    rate = next((layer.rate for layer in config.layers if layer.kind == "dropout"), 0.0)
    widths = [str(layer.size) for layer in config.layers if layer.kind == "dense"]
    return [config.optimizer, str(config.batch_size), str(config.epochs), str(rate), *widths]
