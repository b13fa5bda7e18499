"""How long an evaluation takes: 10,000 images the first time and again, and what the Evaluate page asks besides.

    MNIST_PATH=… .venv/bin/python -m tests.benchmarks.evaluate [--rounds 5]

The networks are those of the recipes with weights as they are born: what an answer costs does not depend on them.
First: asked of a network that was read, evaluated and written down. Again: read back, checked against the weights and
the images, and evaluated.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from core import process_settings
from core.config.recipes import RECIPES
from core.config.run_config import RunConfig
from core.data import mnist, neighbours
from core.evaluation import evaluations, robustness
from core.network import explain
from core.network.dead_units import dead_units
from core.network.numpy_network import Reader
from core.runs.store import RunStore
from core.training import models
from tests.benchmarks.machine import describe

NETWORKS = {
    "quickstart (dense 128)": RECIPES["quickstart"].config,
    "dli (dense 512, 512)": RECIPES["dli"].config,
    "conv32x3-pool2-conv64x3-pool2-dense128": RunConfig(network="conv32x3-pool2-conv64x3-pool2-dense128"),
}


def seconds(action: Callable[[], object], rounds: int) -> float:
    """The median of `rounds`."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def measured(config: RunConfig, data: mnist.Mnist, home: Path, rounds: int) -> dict[str, float]:
    """Seconds of each question."""
    run = RunStore(home).create(config.changed(validate_on="test"))
    models.save(models.build(config), run.model_path)
    network = Reader.of(run)
    image = data.test.images[0]

    def evaluate() -> None:
        evaluations.predict_split(run, "test", data, lambda: network).evaluation.loss  # noqa: B018

    def forget() -> None:
        for path in (run.folder / "evaluations").glob("*"):
            path.unlink()

    first = []
    for _ in range(rounds):
        forget()
        first.append(seconds(evaluate, 1))
    found = {"10,000 images, first": statistics.median(first), "10,000 images, again": seconds(evaluate, rounds)}
    robustness_seconds = seconds(lambda: robustness.evaluate_robustness(run, "test", data, lambda: network), 1)
    return {
        **found,
        "saliency": seconds(lambda: explain.saliency(network, image, 7), rounds),
        "occlusion (785 images)": seconds(lambda: explain.occlusion(network, image, 7), rounds),
        "dead units (2,000 images)": seconds(lambda: dead_units(network, data.test.images[:2000]), 1),
        "map (2,000 images)": seconds(
            lambda: explain.principal_components(network.features(data.test.images[:2000])), 1
        ),
        "robustness (7 distortions, 7 strengths, 1,000 images)": robustness_seconds,
        "8 nearest of 54,000": seconds(lambda: neighbours.find_nearest(data.train.images, image, 8), rounds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    data = mnist.load()
    with tempfile.TemporaryDirectory() as home:
        tables = [measured(config, data, Path(home), rounds) for config in NETWORKS.values()]
    print("# What an evaluation costs\n")
    print(f"{describe()}.\nMeasured by `python -m tests.benchmarks.evaluate`; medians of {rounds}, in seconds.\n")
    print("| what |", " | ".join(NETWORKS), "|")
    print("|---|" + "---:|" * len(NETWORKS))
    for what in tables[0]:
        print(f"| {what} |", " | ".join(f"{table[what]:.3f}" for table in tables), "|")


if __name__ == "__main__":
    process_settings.apply()
    main()
