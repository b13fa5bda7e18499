"""Do the five recipes give what their sources report? Three seeds each on the full data.

    MNIST_PATH=… python -m tests.benchmarks.recipes [--seeds 1 2 3]

Writes docs/recipes.md from what it measured, run by run, in tests/benchmarks/recipes.json.
"""

import argparse
import json
import os
import sys
from datetime import date
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from core import process_settings
from core.config.recipes import RECIPES, TUTORIALS
from core.data import mnist
from core.training.trainer import train
from tests.benchmarks.engine import machine

HERE = Path(__file__).parent
RESULTS, PAGE = HERE / "recipes.json", HERE.parents[1] / "docs" / "recipes.md"
# What the mean over the seeds must reach, in per cent: within 0.3 points of a figure, or at least that.
TARGETS = {
    "dli": "test at least 97.3",
    "first-steps": "test at least 97.3",
    "chollet": "test 98.01 ± 0.3",
    "quickstart": "test 97.75 ± 0.3",
    "ten-epochs": "train at least 98.5, test at least 97",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="*", default=TUTORIALS, choices=TUTORIALS)
    parser.add_argument("--seeds", nargs="*", type=int, default=[1, 2, 3])
    asked = parser.parse_args()
    data = mnist.load()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in asked.recipes:
        results[name] = [measured(name, seed, data) for seed in asked.seeds]
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(page(results))
    print(page(results))


def measured(name: str, seed: int, data: mnist.Mnist) -> dict:
    """One training: what it ended with."""
    ended = train(RECIPES[name].config.changed(seed=seed), data, lambda event: None).ended
    result = {
        "seed": seed,
        "test_accuracy": ended.test_accuracy,
        "test_loss": ended.test_loss,
        "train_accuracy": ended.train_accuracy,
        "seconds": ended.fit_seconds,
        "date": date.today().isoformat(),
        "machine": machine(),
    }
    print(name, result, file=sys.stderr, flush=True)
    return result


def page(results: dict) -> str:
    lines = ["| recipe | seed | test accuracy | test loss | train accuracy | fit, s |", "|---|---|---|---|---|---|"]
    for name, runs in results.items():
        for run in runs:
            lines.append(
                f"| `{name}` | {run['seed']} | {run['test_accuracy']:.2%} | {run['test_loss']:.4f} "
                f"| {run['train_accuracy']:.2%} | {run['seconds']:.1f} |"
            )
        mean = {key: np.mean([run[key] for run in runs]) for key in ("test_accuracy", "test_loss", "train_accuracy")}
        lines.append(
            f"| **mean** | goal: {TARGETS[name]} | **{mean['test_accuracy']:.2%}** | {mean['test_loss']:.4f} "
            f"| {mean['train_accuracy']:.2%} | |"
        )
    runs = [run for each in results.values() for run in each]
    sources = "\n".join(f"- `{name}`: {RECIPES[name].source}; it reports {RECIPES[name].reports}." for name in results)
    return f"""# The recipes, reproduced

The recipes of the five tutorials, trained on all 60,000 training images. The 10,000 test images are used as each
source uses them. Train accuracy is Keras' running figure of the last epoch, as the sources print it.

{chr(10).join(lines)}

{sources}

Measured on {"; ".join(sorted({run["machine"] for run in runs}))}, {" to ".join(sorted({run["date"] for run in runs}))}.
Other work shared the machine while the seconds were measured. [speed.md](speed.md) says how fast the recipes are,
and [fast.md](fast.md) how long `fast` needs to 99%.

To repeat: `MNIST_PATH=… python -m tests.benchmarks.recipes`. On one machine, a seed gives the same figures to the
last bit.
"""


if __name__ == "__main__":
    process_settings.apply()
    main()
