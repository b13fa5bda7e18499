"""Runs on one GPU as the dashboard trains them: how soon the first point comes, and how many runs an hour."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from core.config.recipes import RECIPES
from core.config.run_config import RunConfig
from core.jobs.scheduler import Scheduler
from core.runs.events import BatchDone
from core.runs.run import Run
from core.runs.store import RunStore
from core.training import compile_cache, gpu_programs
from tests.conftest import ROOT

WAITING, NEW, KNOWN = "with the waiting worker", "without it, the first time", "without it, trained before"
NETWORKS = ("chollet", "best")
_PATIENCE = 600.0


def first_points(*, small: bool) -> Iterator[tuple[str, str, float]]:
    """Recipe, case, and seconds from Start to the first point, which is written after at least one step."""
    for recipe in NETWORKS[: 1 if small else None]:
        config = RECIPES[recipe].config
        config = config.changed(train_images=1000) if small else config
        with tempfile.TemporaryDirectory(prefix="digit-lab-gpu-") as folder:
            store = RunStore(Path(folder))
            _try_cache(store)
            for case in (NEW, KNOWN, WAITING):
                yield recipe, case, _first_point(store, config, spare=case == WAITING)


def runs_per_hour(at_a_time: int, *, small: bool) -> float:
    """How many runs of `quickstart` one GPU trains in an hour, after a first one whose programs are kept."""
    config = RECIPES["quickstart"].config
    config = config.changed(train_images=500, epochs=1) if small else config
    count = at_a_time if small else 2 * max(8, at_a_time)
    with tempfile.TemporaryDirectory(prefix="digit-lab-gpu-") as folder:
        store = RunStore(Path(folder))
        _try_cache(store)
        jobs = Scheduler(store, spare=False)
        _finish([jobs.submit(config.changed(seed=1000))])
        began = time.monotonic()
        _finish([jobs.submit(config.changed(seed=seed)) for seed in range(count)])
        seconds = time.monotonic() - began
        jobs.close()
    return count * 3600 / seconds


def _try_cache(store: RunStore) -> None:
    """Tries whether TensorFlow may keep its programs for this GPU, as the waiting worker would."""
    if os.environ["KERAS_BACKEND"] != "tensorflow":
        return
    folder = compile_cache.folder_for_gpu(store.home / "programs")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", gpu_programs.__name__, str(folder)], cwd=ROOT, check=False)


def _first_point(store: RunStore, config: RunConfig, *, spare: bool) -> float:
    jobs = Scheduler(store, spare=spare)
    if spare:
        jobs.warm_up(config)
        _wait(lambda: "Ready for" in (store.home / "worker.log").read_text())
    began = time.monotonic()
    run = jobs.submit(config)
    _wait(lambda: any(isinstance(event, BatchDone) for event in run.events()[0]) or run.ended is not None)
    seconds = time.monotonic() - began
    jobs.stop(run.id)
    _wait(lambda: not run.active)
    jobs.close()
    if not run.step:
        raise SystemExit(f"The run failed: {run.ended and run.ended.reason}")
    return seconds


def _finish(runs: list[Run]) -> None:
    _wait(lambda: all(run.ended is not None for run in runs))
    failed = [run.ended.reason for run in runs if run.ended and run.ended.outcome != "finished"]
    if failed:
        raise SystemExit(f"A run failed: {failed[0]}")


def _wait(is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not is_done():
        if time.monotonic() > deadline:
            raise SystemExit("A run did not come to its first point, or to its end, in ten minutes.")
        time.sleep(0.005)
