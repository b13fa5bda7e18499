"""Trains runs in this process, for the command line: a progress bar, a report, and an end at Ctrl-C."""

import json
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from core.config.recipes import matching_recipe
from core.config.run_config import RunConfig
from core.evaluation.significance import SeedStatistics, mean_interval, seed_statistics
from core.formatting import count, duration, percent
from core.jobs import packing, repeat
from core.jobs.progress_bar import ProgressBar
from core.jobs.sweep import SweepStore
from core.runs.data_match import with_newest_data
from core.runs.events import FAILED, FINISHED, STOPPED, RunEnded, to_line
from core.runs.store import Run, RunStore
from core.training.warmup import WarmNetwork

_REPORTED = (
    "outcome", "epochs", "best_epoch", "test_loss", "test_accuracy", "validation_loss", "validation_accuracy",
    "train_loss", "train_accuracy", "fit_seconds", "images_per_second",
)  # fmt: skip
_ACCURACIES = ("train_accuracy", "validation_accuracy", "test_accuracy")


class Foreground:
    """Trains one run after another. The compiled network stays for the next run, if that differs only in its seed."""

    def __init__(self, store: RunStore) -> None:
        self.store = store
        self._warm: WarmNetwork | None = None

    def train(self, run: Run) -> RunEnded:
        """Trains a run to its end. Ctrl-C stops it; its weights are kept."""
        from core.jobs.recorder import RunRecorder

        with _progress_bar(run) as bar:
            recorder = RunRecorder(self.store, run.id, on_event=bar.on_event, on_wait=bar.on_wait, warm=self._warm)
            with _ends_at_ctrl_c(recorder.stop):
                ended = recorder.run()
        assert ended is not None, "no other process can have taken this new run"
        self._warm = recorder.warm
        return ended

    def train_together(self, runs: Sequence[Run]) -> list[RunEnded]:
        """Trains runs that differ only in their seed in one call, to their ends. Ctrl-C stops all of them."""
        from core.jobs.pack_recorder import PackRecorder

        with _progress_bar(runs[0]) as bar:
            ids = [run.id for run in runs]
            recorder = PackRecorder(self.store, ids, on_event=bar.on_event, on_wait=bar.on_wait)
            with _ends_at_ctrl_c(recorder.stop):
                ends = recorder.run()
        return [ended for ended in ends if ended]


@contextmanager
def _progress_bar(run: Run) -> Iterator[ProgressBar]:
    bar = ProgressBar(run.config)
    try:
        yield bar
    finally:
        bar.close()


@contextmanager
def _ends_at_ctrl_c(stop: Callable[[], None]) -> Iterator[None]:
    before = [signal.signal(sign, lambda *_: stop()) for sign in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield
    finally:
        for sign, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(sign, handler)


def train_seeds(
    store: RunStore, configs: list[RunConfig], name: str, on_end: Callable[[Run, RunEnded], None]
) -> tuple[dict[str, Any], RunEnded]:
    """Trains the configs of `repeat.configs_of`, up to the first that fails or is stopped.

    They train one after another, or on a GPU together, as `packing` says.

    on_end: called after each. Returns the report of all, and the end of the last one.
    """
    sweep, foreground, reports = repeat.create(store, configs), Foreground(store), []
    size = packing.seeds_per_call(store.home, configs[0])
    for group in (configs[place : place + size] for place in range(0, len(configs), size)):
        runs = [
            store.create(
                config,
                recipe=matching_recipe(config),
                name=f"{name} · seed {config.seed}" if name else repeat.run_name(config),
                sweep=sweep.id,
            )
            for config in group
        ]
        ends = foreground.train_together(runs) if len(runs) > 1 else [foreground.train(runs[0])]
        for run, ended in zip(runs, ends, strict=True):
            reports.append(report(run, ended))
            on_end(run, ended)
        if bad := [ended for ended in ends if ended.outcome in (STOPPED, FAILED)]:
            ended = bad[0]
            SweepStore(store).stop(sweep.id)
            break
    # A download of MNIST may end between two seeds. The runs are read again: now they know their data set.
    runs = sweep.runs(store.runs())
    others = {run.id for run in runs} - {run.id for run in with_newest_data(runs)}
    spread = _spread([each for each in reports if each["run"] not in others])
    return {"sweep": sweep.id, "runs": reports, "not_counted": len(others), **spread}, ended


def _spread(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean, standard deviation and 95% interval of each accuracy over the finished runs."""
    found: dict[str, Any] = {}
    for accuracy in _ACCURACIES:
        values = [each[accuracy] for each in reports if each["outcome"] == FINISHED and each[accuracy] is not None]
        if len(values) >= repeat.MIN_SEEDS:
            statistics = seed_statistics(values)
            found[accuracy] = {
                "seeds": statistics.seeds,
                "mean": statistics.mean,
                "deviation": statistics.deviation,
                "interval": mean_interval(values),
            }
    return found


def report(run: Run, ended: RunEnded) -> dict[str, Any]:
    """What `--json` prints. A loss that is not finite is written as text, because JSON has no such number."""
    values = json.loads(to_line(ended))
    return {
        "run": run.id,
        "recipe": run.recipe or None,
        **{name: values[name] for name in _REPORTED},
        "device": run.started.device if run.started else None,
        "model": str(run.model_path) if run.has_model else None,
    }


def summary(run: Run, ended: RunEnded) -> str:
    """The end of a run in sentences."""
    figures = {"training": ended.train_accuracy, "validation": ended.validation_accuracy, "test": ended.test_accuracy}
    figures_text = ", ".join(
        f"{name} accuracy {percent(value)}" for name, value in figures.items() if value is not None
    )
    saved = f"It is saved in {run.folder}." if run.has_model else f"Its log is in {run.folder}."
    length = f"{count(ended.epochs, 'epoch')} ({duration(ended.fit_seconds)})"
    return f"Run {run.id}: {ended.outcome} after {length}. {figures_text or 'No epoch was completed'}. {saved}"


def spread_summary(report: dict[str, Any]) -> str:
    """What a report of several seeds says: a line for each accuracy. Empty for a single run."""
    others = report.get("not_counted", 0)
    lines = f"Not counted: {count(others, 'seed')} of another data set.\n" if others else ""
    for accuracy in _ACCURACIES:
        if isinstance(spread := report.get(accuracy), dict):
            low, high = map(percent, spread["interval"])
            figures = SeedStatistics(spread["seeds"], spread["mean"], spread["deviation"])
            name = accuracy.replace("train_", "training_").replace("_", " ").capitalize()
            lines += f"{name}: {figures}. The mean is between {low} and {high} (95% interval).\n"
    return lines
