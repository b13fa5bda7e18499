"""What moments cost a run: `python -m tests.benchmarks.moments [dli chollet] [--rounds 5] [--epochs 5]`.

The recipe trains without moments, with them, and as if somebody watched, in turns in one process, so that all meet
the same machine. `fit` is timed as a run times it; "in all" adds what is measured after `fit`. The last column is the
growth of the run folder.
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

WAYS = NONE, ALONE, WATCHED = "none", "alone", "watched"


def trained(config: RunConfig, data: Mnist, store: RunStore, way: str) -> tuple[float, float, int]:
    """Seconds of `fit`, seconds in all, and bytes of moments."""
    from core.training.hooks import Control, Hooks
    from core.training.trainer import train

    class Watched(Control):
        def is_watched(self) -> bool:
            return way == WATCHED

    run, events = store.create(config), list[Event]()
    began = time.perf_counter()
    moments = None if way == NONE else MomentFolder(run)
    result = train(config, data, events.append, Hooks(Watched(), moments=moments))
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
    print("| recipe | fit without moments, s | with | in all | watched | in all | moments |")
    print("|---|---|---|---|---|---|---|")
    data = mnist.load()
    with tempfile.TemporaryDirectory() as home:
        store = RunStore(Path(home))
        for name in asked.recipes:
            config = RECIPES[name].config
            config = config.changed(epochs=asked.epochs) if asked.epochs else config
            trained(config.changed(epochs=1), data, store, ALONE)  # compiles
            found: dict[str, list[tuple[float, float, int]]] = {way: [] for way in WAYS}
            for turn in range(asked.rounds):
                for place in range(len(WAYS)):
                    way = WAYS[(turn + place) % len(WAYS)]
                    found[way].append(trained(config, data, store, way))
            fits = {way: statistics.median(each[0] for each in found[way]) for way in WAYS}
            wholes = {way: statistics.median(each[1] for each in found[way]) for way in WAYS}
            cells = [
                f"{fits[way]:.2f} ({fits[way] / fits[NONE] - 1:+.1%}) | {wholes[way] - wholes[NONE]:+.2f} s"
                for way in (ALONE, WATCHED)
            ]
            size = found[ALONE][0][2] / 1e6
            print(f"| {name} | {fits[NONE]:.2f} | {' | '.join(cells)} | {size:.1f} MB |", flush=True)


if __name__ == "__main__":
    main()
