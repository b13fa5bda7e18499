"""What do new images for each epoch cost? Epochs of `best` with and without them, in turns, and the drawing alone.

    MNIST_PATH=… python -m tests.benchmarks.redrawing [--rounds 5] [--images 20000]

docs/train.md has the figures.
"""

import argparse
import os
import time
from itertools import pairwise
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from core import process_settings
from core.augment.redraw import Redrawer
from core.config.recipes import RECIPES
from core.config.run_config import REDRAWING_KNOBS, RunConfig
from core.data import mnist
from core.data.random_streams import DISTORTIONS, random
from core.runs.events import EpochDone
from core.training.trainer import train
from tests.benchmarks.machine import describe

EPOCHS = 4  # the first one is not counted: it waits for its images and for compiling


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=20_000)
    asked = parser.parse_args()
    data = mnist.load()
    drawing_alone(data)
    redrawn = RECIPES["best"].config.changed(train_images=asked.images, epochs=EPOCHS)
    plain = redrawn.changed(**dict.fromkeys(REDRAWING_KNOBS, 0.0))
    ratios = []
    for _ in range(asked.rounds):
        with_new, without = epoch_seconds(redrawn, data), epoch_seconds(plain, data)
        ratios.append(with_new / without)
        print(f"an epoch: {with_new:.2f} s with new images, {without:.2f} s without: {ratios[-1]:.3f}", flush=True)
    print(f"ratio: median {median(ratios):.3f}, {min(ratios):.3f} to {max(ratios):.3f}; {describe()}")


def epoch_seconds(config: RunConfig, data: mnist.Mnist) -> float:
    """The median of the epochs after the first."""
    ends: list[float] = []
    train(config, data, lambda event: ends.append(event.seconds) if isinstance(event, EpochDone) else None)
    return median(after - before for before, after in pairwise(ends))


def drawing_alone(data: mnist.Mnist) -> None:
    redrawer = Redrawer(data.train.images, data.train.labels, RECIPES["best"].config)
    timed("centre lines", lambda: redrawer.lines)
    for epoch in range(3):
        timed(f"images of epoch {epoch}", lambda epoch=epoch: redrawer.draw_epoch(random(1, epoch, DISTORTIONS)))


def timed(what: str, work) -> None:
    wall, cores = time.perf_counter(), time.process_time()
    work()
    print(f"{what}: {time.perf_counter() - wall:.2f} s, {time.process_time() - cores:.2f} s of a core", flush=True)


if __name__ == "__main__":
    process_settings.apply()
    main()
