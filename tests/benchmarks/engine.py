"""How fast a run trains: stock Keras as each recipe's source has it, against the engine with its live progress written.

    MNIST_PATH=… python -m tests.benchmarks.engine [--recipes chollet dli …] [--rounds 5] [--others] [--until 0.98]

Both sides take turns in one process, seeds 1, 2, … the same. What is measured is kept in tests/benchmarks/engine.json,
recipe by recipe, and docs/speed.md is written from it; on Keras' JAX backend and on a GPU in files of their own.
`--others` measures a hand-written JAX scan, in turns with the engine, scikit-learn, and PyTorch where TORCH_PYTHON
names an interpreter that has it. `--until` measures how long both sides take to that share of the test images.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from core import process_settings
from core.config.recipes import RECIPES, TUTORIALS
from core.data import mnist
from core.devices import computing, gpus
from core.devices.computing import on_gpu
from core.runs.events import EpochDone, to_line
from core.training.hooks import Control, Hooks
from core.training.trainer import train
from tests.benchmarks import rivals
from tests.benchmarks.engine_page import MAX_EPOCHS, page, table
from tests.benchmarks.stock import STOCK, Stock

HERE = Path(__file__).parent
PACKAGES = ("tensorflow", "keras", "jax", "numpy", "scikit-learn")
BACKEND = keras.backend.backend()
OF = "" if BACKEND == "tensorflow" and not on_gpu() else f"-{BACKEND}" + "-gpu" * on_gpu()
RESULTS, PAGE = HERE / f"engine{OF}.json", HERE.parents[1] / "docs" / f"speed{OF}.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="*", default=TUTORIALS, choices=TUTORIALS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--others", action="store_true")
    parser.add_argument("--until", type=float)
    asked = parser.parse_args()
    data = mnist.load()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in asked.recipes:
        result = results.setdefault(name, {})
        if asked.others:
            result["others"] = others(name, data, asked.rounds)
        elif asked.until:
            result["until"] = until(name, data, asked.until, asked.rounds)
        else:
            result.update(measured(name, data, asked.rounds))
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(page(results, OF))
    print(table(results))


def measured(name: str, data: mnist.Mnist, rounds: int) -> dict:
    """Seconds and test accuracies of both sides, round by round, and the arithmetic's own time."""
    stock, engine, stock_epochs, epochs, live, gemm = [], [], [], [], [], []
    for seed in range(1, rounds + 1):
        seconds, accuracy, steady = stock_keras(name, data, seed)
        stock.append((seconds, accuracy))
        stock_epochs.append(steady)
        seconds, accuracy, steady, telling = by_engine(name, data, seed)
        engine.append((seconds, accuracy))
        epochs.append(steady)
        live.append(telling / seconds)
        if not on_gpu():  # there products of so few rows are as quick as they can be started: no peak to be near
            gemm.append(arithmetic(name, data))
        print(f"{name} seed {seed}: stock {stock[-1][0]:.2f} s, engine {seconds:.2f} s", file=sys.stderr, flush=True)
    return {
        "stock": stock,
        "engine": engine,
        "stock_epoch": statistics.median(stock_epochs),
        "epoch": statistics.median(epochs),
        "live": max(live),
        "gemm": statistics.median(gemm) if gemm else None,
        "date": date.today().isoformat(),
        "load": round(os.getloadavg()[1], 1),
        "machine": machine(),
    }


def arithmetic(name: str, data: mnist.Mnist) -> float:
    """Seconds of an epoch's matrix products alone, of those of its validation too where the recipe has one."""
    config = RECIPES[name].config
    return rivals.arithmetic_seconds(config, len(data.training), len(data.test) * (config.validate_on == "test"))


def stock_keras(name: str, data: mnist.Mnist, seed: int) -> tuple[float, float, float]:
    """Seconds of `fit`, test accuracy, and seconds of an epoch once compiled, as the recipe's source writes it."""
    stock, ends = seeded(name, data, seed), []
    noting = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(time.perf_counter()))
    begin = time.perf_counter()
    stock.fit(callbacks=[noting])
    seconds = time.perf_counter() - begin
    return seconds, stock.test_accuracy(), statistics.median(np.diff(ends))


def seeded(name: str, data: mnist.Mnist, seed: int) -> Stock:
    """Stock Keras with the weights of a seed.

    No more than these: with TensorFlow's own seed set, `fit` takes the images of every epoch in the same order, which
    the sources do not, and which costs `ten-epochs` a quarter of a point.
    """
    keras.utils.set_random_seed(seed)
    stock = STOCK[name](data)
    if BACKEND == "tensorflow":
        import tensorflow as tf

        tf.random.set_seed(None)
    return stock


def by_engine(name: str, data: mnist.Mnist, seed: int) -> tuple[float, float, float, float]:
    """Seconds of the whole fit, test accuracy, seconds of an epoch once compiled, and seconds spent on telling.

    Events go to a file as in a run.
    """
    with tempfile.TemporaryFile("w") as file:
        ends, telling = [], []

        def emit(event: object) -> None:
            begin = time.perf_counter()
            file.write(to_line(event))
            file.flush()
            telling.append(time.perf_counter() - begin)
            if isinstance(event, EpochDone):
                ends.append(event.seconds)

        ended = train(RECIPES[name].config.changed(seed=seed), data, emit).ended
    return ended.fit_seconds, ended.test_accuracy, statistics.median(np.diff(ends)), sum(telling)


def others(name: str, data: mnist.Mnist, rounds: int) -> dict[str, float]:
    """Seconds of the same training by the engine and a JAX scan, medians of `rounds`, and by other means, once."""
    config = RECIPES[name].config
    turns = [(by_engine(name, data, seed)[0], rivals.jax_scan(config, data)) for seed in range(1, rounds + 1)]
    engine, scan = map(statistics.median, zip(*turns, strict=True))
    seconds = {"rounds": rounds, "engine": engine, "JAX scan": scan}
    if python := os.environ.get("TORCH_PYTHON"):
        command = [python, "-P", str(HERE / "torch_loop.py"), *rivals.torch_arguments(config)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds["PyTorch DataLoader"] = float(done.stdout)
    if name == "ten-epochs" and not on_gpu():
        seconds["scikit-learn"] = rivals.scikit_learn(config, data)
    print(name, seconds, file=sys.stderr, flush=True)
    return seconds


def until(name: str, data: mnist.Mnist, share: float, rounds: int) -> dict:
    """Seconds and epochs of both sides until they read `share` of the test images, asked after each epoch.

    The recipe's network, optimiser and batch; seconds None where it was not reached.
    """
    stock, engine = [], []
    for seed in range(1, rounds + 1):
        watch, recipe = _Until(share), seeded(name, data, seed)
        recipe.fit(epochs=MAX_EPOCHS, callbacks=[watch], validation_data=recipe.test)
        stock.append(watch.reached)
        ends: list[EpochDone] = []

        class There(Control):
            def should_stop(self) -> bool:
                return bool(ends) and ends[-1].validation_accuracy >= share  # noqa: B023

        config = RECIPES[name].config.changed(seed=seed, epochs=MAX_EPOCHS, validate_on="test")
        train(config, data, lambda event: ends.append(event) if isinstance(event, EpochDone) else None, Hooks(There()))  # noqa: B023
        there = ends[-1].validation_accuracy >= share
        engine.append((ends[-1].seconds, ends[-1].epoch) if there else None)
        print(f"{name} seed {seed} to {share}: {stock[-1]}, {engine[-1]}", file=sys.stderr, flush=True)
    return {"share": share, "stock": stock, "engine": engine}


class _Until(keras.callbacks.Callback):
    """Ends `fit` when the validation accuracy is there, and notes seconds and epochs."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share, self.reached = share, None

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.begin = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict) -> None:
        if logs["val_accuracy"] >= self.share:
            self.reached = time.perf_counter() - self.begin, epoch + 1
            self.model.stop_training = True


def machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES if find_spec(name.replace("scikit-", "sk")))
    gpu = f"{computing.usage(*gpus.gpus()[:1]).name}, " if on_gpu() else ""
    cores = len(os.sched_getaffinity(0))
    return f"{gpu}{rivals.processor()}, {cores} cores, Python {platform.python_version()}, {versions}"


if __name__ == "__main__":
    process_settings.apply()
    main()
