"""How fast a run trains: stock Keras as each recipe's source has it, against the engine with its live progress written.

    MNIST_PATH=… python -m tests.benchmarks.engine [--recipes chollet dli …] [--rounds 5] [--others]

Both sides take turns in one process, seeds 1, 2, … the same. What is measured is kept in tests/benchmarks/engine.json,
recipe by recipe, and docs/speed.md is written from it. `--others` measures a hand-written JAX scan, in turns with the
engine, scikit-learn, and PyTorch where TORCH_PYTHON names an interpreter that has it.
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

from core import mnist
from core.events import EpochDone, to_line
from core.recipes import RECIPES, TUTORIALS
from core.training import train
from tests.benchmarks import rivals
from tests.benchmarks.stock import STOCK

HERE = Path(__file__).parent
PACKAGES = ("tensorflow", "keras", "jax", "numpy", "scikit-learn")
OF = "" if keras.backend.backend() == "tensorflow" else f"-{keras.backend.backend()}"
RESULTS, PAGE = HERE / f"engine{OF}.json", HERE.parents[1] / "docs" / f"speed{OF}.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="*", default=TUTORIALS, choices=TUTORIALS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--others", action="store_true")
    asked = parser.parse_args()
    data = mnist.load()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in asked.recipes:
        result = results.setdefault(name, {})
        if asked.others:
            result["others"] = others(name, data, asked.rounds)
        else:
            result.update(measured(name, data, asked.rounds))
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(page(results))
    print(table(results))


def measured(name: str, data: mnist.Mnist, rounds: int) -> dict:
    """Seconds and test accuracies of both sides, round by round, and the arithmetic's own time."""
    stock, engine, epochs, live = [], [], [], []
    for seed in range(1, rounds + 1):
        stock.append(stock_keras(name, data, seed))
        seconds, accuracy, steady, telling = by_engine(name, data, seed)
        engine.append((seconds, accuracy))
        epochs.append(steady)
        live.append(telling / seconds)
        print(f"{name} seed {seed}: stock {stock[-1][0]:.2f} s, engine {seconds:.2f} s", file=sys.stderr, flush=True)
    return {
        "stock": stock,
        "engine": engine,
        "epoch": statistics.median(epochs),
        "live": max(live),
        "gemm": rivals.arithmetic_seconds(RECIPES[name].config, len(data.training)),
        "date": date.today().isoformat(),
        "load": round(os.getloadavg()[1], 1),
        "machine": machine(),
    }


def stock_keras(name: str, data: mnist.Mnist, seed: int) -> tuple[float, float]:
    """Seconds of `fit` and test accuracy, written as the recipe's source writes it."""
    keras.utils.set_random_seed(seed)
    fit, evaluate = STOCK[name](data)
    begin = time.perf_counter()
    fit()
    return time.perf_counter() - begin, evaluate()


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
    if name == "ten-epochs":
        seconds["scikit-learn"] = rivals.scikit_learn(config, data)
    print(name, seconds, file=sys.stderr, flush=True)
    return seconds


def machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES if find_spec(name.replace("scikit-", "sk")))
    return f"{rivals.processor()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}, {versions}"


def table(results: dict) -> str:
    lines = [
        "| recipe | stock Keras, s | engine, s | ratio | an epoch, s | of GEMM peak | test accuracy, stock | engine "
        "| JAX scan, s | PyTorch, s | scikit-learn, s |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, result in results.items():
        if "stock" not in result:
            continue
        stock, engine = np.array(result["stock"]), np.array(result["engine"])
        ratios = stock[:, 0] / engine[:, 0]
        other = result.get("others", {})
        cells = [
            f"`{name}`",
            f"{np.median(stock[:, 0]):.2f}",
            f"{np.median(engine[:, 0]):.2f}",
            f"{np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})",
            f"{result['epoch']:.2f}",
            f"{result['gemm'] / result['epoch']:.0%}",
            f"{stock[:, 1].mean():.2%} ± {_deviation(stock[:, 1]):.2%}",
            f"{engine[:, 1].mean():.2%} ± {_deviation(engine[:, 1]):.2%}",
            *(
                f"{other[key]:.1f} ({other[key] / other['engine']:.2f})" if key in other else ""
                for key in ("JAX scan", "PyTorch DataLoader", "scikit-learn")
            ),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _deviation(shares: np.ndarray) -> float:
    """Standard deviation; 0 where there is but one."""
    return float(shares.std(ddof=1)) if len(shares) > 1 else 0.0


def page(results: dict) -> str:
    done = [result for result in results.values() if "stock" in result]
    rounds = " or ".join(map(str, sorted({len(result["stock"]) for result in done})))
    dates = " to ".join(sorted({result["date"] for result in done}))
    machines = "; ".join(sorted({result["machine"] for result in done}))
    loads = sorted(result["load"] for result in done) or [0]
    scans = sorted({result["others"].get("rounds", 1) for result in done if "others" in result})
    scanned = f"medians of {' or '.join(map(str, scans))} rounds"
    live = max((result.get("live", 0) for result in done), default=0)
    return f"""# Speed

{table(results)}

Seconds of the whole `fit`: compiling included, with the validation that the recipe has, the data already in memory.
Stock Keras is written as the recipe's source writes it (tests/benchmarks/stock.py). The engine writes its live progress
to a file as in the dashboard; that took {live:.1%} of the fit at most. Both took turns in one process; medians of
{rounds} rounds with seeds 1, 2, …; the ratio is the median of the rounds' ratios, with the least and the greatest.

*An epoch* is one after compiling. *Of GEMM peak* is the time that its matrix products alone take at those shapes by the
quickest library at hand, measured in the same run, as a share of that. It is reckoned with all 784 pixels; on
TensorFlow the engine leaves out those that no training image lights, 67 of them (core/lit.py), which changes nothing
but rounding. JAX scan: hand-written `lax.scan` over resident data, compiling included; {scanned} in turns with
the engine. PyTorch, the usual `DataLoader` loop, and scikit-learn's `MLPClassifier` ran once just after. In brackets,
times what the engine took then.

Measured on {machines}, {dates}. No GPU was at hand: on one, nothing has been measured.
The load average of five minutes was {loads[0]} to {loads[-1]}, where one training alone makes 2. From other work on the
machine both sides suffer, the engine more: its threads wait for one another in every step.

Again: `MNIST_PATH=… python -m tests.benchmarks.engine`, then `… --others`; with `KERAS_BACKEND=jax` for that backend.
The single figures are in [tests/benchmarks/engine.json](../tests/benchmarks/engine.json).
"""


if __name__ == "__main__":
    main()
