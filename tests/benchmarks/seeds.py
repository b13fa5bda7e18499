"""How long N seeds of one config take: as one repeat, and as N Starts; with real workers, from queue to last end.

On a GPU also in one call (DIGIT_LAB_SEEDS_PER_CALL), whose goal is the price of two runs for eight.

MNIST_PATH=… python -m tests.benchmarks.seeds [--recipes chollet quickstart convolution] [--seeds 8]
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from core.classroom.visitors import Visitor
from core.config.recipes import RECIPES
from core.config.run_config import RunConfig
from core.jobs import packing, repeat
from core.jobs.scheduler import Scheduler
from core.network.forecast import NO_FORECAST
from core.runs.store import Run, RunStore

CONVOLUTION = RunConfig(network="conv16x3-pool2-dense64", batch_size=128, epochs=1, validate_on="none")
CONFIGS = {name: RECIPES[name].config for name in ("chollet", "quickstart", "dli")} | {"convolution": CONVOLUTION}
VISITOR = Visitor("a" * 12, "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="*", default=["chollet", "quickstart", "convolution"], choices=list(CONFIGS))
    parser.add_argument("--seeds", type=int, default=8)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        jobs = Scheduler(RunStore(Path(home)), spare=False)
        seconds(jobs, lambda: [jobs.submit(RECIPES["quickstart"].config.changed(epochs=1))])  # programs and files
        for name in asked.recipes:
            measure(jobs, name, asked.seeds)
        jobs.close()


def measure(jobs: Scheduler, name: str, count: int) -> None:
    config = CONFIGS[name]
    one = seconds(jobs, lambda: [jobs.submit(config)])
    again = config.changed(seed=100)
    together = seconds(jobs, lambda: repeat.start(jobs, again, count, visitor=VISITOR, expected=NO_FORECAST))
    os.environ["DIGIT_LAB_SEEDS_PER_CALL"] = str(count)
    packed = ""
    if packing.seeds_per_call(jobs.store.home, config) > 1:
        other = config.changed(seed=300)
        in_one_call = seconds(jobs, lambda: repeat.start(jobs, other, count, visitor=VISITOR, expected=NO_FORECAST))
        packed = f"in one call {in_one_call:.1f} s ({in_one_call / one:.2f} times), "
    del os.environ["DIGIT_LAB_SEEDS_PER_CALL"]
    starts = seconds(jobs, lambda: [jobs.submit(each) for each in repeat.configs_of(config.changed(seed=200), count)])
    print(
        f"{name}: one Start {one:.1f} s, {count} seeds {together:.1f} s ({together / one:.2f} times), {packed}"
        f"{count} Starts {starts:.1f} s ({starts / one:.2f} times)",
        flush=True,
    )


def seconds(jobs: Scheduler, start) -> float:
    """How long the runs take that `start` queues."""
    began = time.perf_counter()
    runs: list[Run] = start()
    while any(run.active for run in runs):
        time.sleep(0.05)
    took = time.perf_counter() - began
    assert all(run.state == "finished" for run in runs), [run.state for run in runs]
    return took


if __name__ == "__main__":
    main()
