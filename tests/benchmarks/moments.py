"""What moments cost a run: `python -m tests.benchmarks.moments [dli chollet] [--rounds 5] [--epochs 5]`.

The recipe trains with and without moments, in turns in one process, so that both meet the same machine. `fit` is
timed as a run times it; the fifth column adds what is measured after `fit`. The last is the growth of the run folder.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from core import process_settings
from core.config.recipes import RECIPES
from core.config.run_config import RunConfig
from core.data import mnist
from core.data.mnist import Mnist
from core.runs.events import Event
from core.runs.moments import MomentFolder
from core.runs.store import RunStore
from tests.benchmarks.machine import describe


def trained(config: RunConfig, data: Mnist, store: RunStore, *, moments: bool) -> tuple[float, float, int]:
    """Seconds of `fit`, seconds in all, and bytes of moments."""
    from core.training.hooks import Hooks
    from core.training.trainer import train

    run, events = store.create(config), list[Event]()
    began = time.perf_counter()
    result = train(config, data, events.append, Hooks(moments=MomentFolder(run) if moments else None))
    took = time.perf_counter() - began
    size = sum(path.stat().st_size for path in (run.folder / "moments").glob("*.npz"))
    store.delete(run.id)
    return result.ended.fit_seconds, took, size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", default=["dli", "chollet"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int)
    asked = parser.parse_args()
    process_settings.apply()
    print(describe())
    print("| recipe | fit without moments, s | with, s | slower by | in all | moments |\n|---|---|---|---|---|---|")
    data = mnist.load()
    with tempfile.TemporaryDirectory() as home:
        store = RunStore(Path(home))
        for name in asked.recipes:
            config = RECIPES[name].config
            config = config.changed(epochs=asked.epochs) if asked.epochs else config
            trained(config.changed(epochs=1), data, store, moments=True)  # compiles
            found: dict[bool, list[tuple[float, float, int]]] = {False: [], True: []}
            for turn in range(asked.rounds):
                for moments in (False, True) if turn % 2 else (True, False):
                    found[moments].append(trained(config, data, store, moments=moments))
            without, with_them = (statistics.median(each[0] for each in found[key]) for key in (False, True))
            whole, whole_with = (statistics.median(each[1] for each in found[key]) for key in (False, True))
            print(
                f"| {name} | {without:.2f} | {with_them:.2f} | {with_them / without - 1:.1%} | "
                f"{whole_with - whole:+.2f} s | {found[True][0][2] / 1e6:.1f} MB |",
                flush=True,
            )


if __name__ == "__main__":
    main()
