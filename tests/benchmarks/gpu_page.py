"""What `tests.benchmarks.gpu` measured, as a page."""

import os
import platform
import statistics
from typing import Any

from core.devices import gpus
from tests.benchmarks import machine as this_machine
from tests.benchmarks.gpu_runs import KNOWN, NEW, WAITING

NAMES = {"tensorflow": "TensorFlow", "jax": "JAX"}


def page(results: dict[str, Any], *, rehearsal: bool) -> str:
    """The page docs/speed-gpu.md. rehearsal: its figures mean nothing, and it says so."""
    warning = "**A rehearsal without a GPU: these figures mean nothing.**\n\n" if rehearsal else ""
    parts = [_points(results.get("point", {})), _fits(results.get("fit", {})), _shared(results.get("shared", {}))]
    return f"""# Speed on one GPU, by both backends

{warning}Measured on {results["machine"]}, {results["date"]}. TensorFlow and JAX took turns; the figures are medians of
the rounds, with the smallest and the largest.

{_devices(results.get("devices", {}))}
{"".join(filter(None, parts))}
To repeat: `MNIST_PATH=… python -m tests.benchmarks.gpu`. All single figures are in
[tests/benchmarks/gpu.json](../tests/benchmarks/gpu.json).
"""


def machine() -> str:
    """GPU, driver, processor and cores of this machine."""
    cards = ", ".join(gpu.name for gpu in gpus.gpus()) or "no GPU"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cards}, driver {gpus.driver_version()}, {this_machine.processor()}, {cores} cores, {platform.system()}"


def _devices(devices: dict[str, Any]) -> str:
    rows = [
        (NAMES[backend], facts["name"], _listed(facts["versions"]), ", ".join(facts["libraries"]) or "none")
        for backend, facts in devices.items()
    ]
    return _table(("backend", "device", "versions", "libraries of the GPU that it loaded"), rows)


def _points(points: dict[str, Any]) -> str:
    cases = (WAITING, NEW, KNOWN)
    rows = [
        (NAMES[backend], f"`{recipe}`", *(_seconds(found.get(case, [])) for case in cases))
        for backend, recipes in points.items()
        for recipe, found in recipes.items()
    ]
    return _part(
        "From Start to the first point",
        "Seconds from Start to the first live point, which comes after at least one step, by the wall clock. The "
        "process starts and imports Keras within this time, except with the waiting worker, which has compiled the "
        "network of the form. “Trained before” is another process on the same home.",
        _table(("backend", "recipe", *(f"{case}, s" for case in cases)), rows),
    )


def _fits(fits: dict[str, Any]) -> str:
    rows = []
    for backend, recipes in fits.items():
        for recipe, rounds in recipes.items():
            stock, engine = ([each[side]["seconds"] for each in rounds] for side in ("stock", "engine"))
            ratios = [a / b for a, b in zip(stock, engine, strict=True)]
            accuracies = (statistics.mean(each[side]["accuracy"] for each in rounds) for side in ("stock", "engine"))
            epoch = statistics.median(each["engine"]["epoch"] for each in rounds)
            rows.append(
                (NAMES[backend], f"`{recipe}`", _seconds(stock), _seconds(engine), _spread(ratios), f"{epoch:.2f}",
                 *(f"{accuracy:.2%}" for accuracy in accuracies))
            )  # fmt: skip
    heads = ("backend", "recipe", "stock Keras, s", "engine, s", "ratio", "an epoch, s", "accuracy, stock", "engine")
    return _part(
        "The whole `fit` against stock Keras",
        "With compiling and the recipe's own validation; the data are in memory. Each training has a process of its "
        "own, so it also starts the GPU. Stock Keras begins in odd rounds and the engine in even ones. "
        "*An epoch* is one after compiling.",
        _table(heads, rows),
    )


def _shared(shared: dict[str, Any]) -> str:
    rows = [
        (NAMES[backend], at_a_time, ", ".join(f"{figure:,.0f}" for figure in figures))
        for backend, numbers in shared.items()
        for at_a_time, figures in numbers.items()
    ]
    return _part(
        "Runs that share the GPU",
        "Runs of `quickstart` in an hour with `DIGIT_LAB_RUNS_PER_GPU`, each in its own process, which also imports "
        "Keras. A run before them had compiled the network.",
        _table(("backend", "at a time", "runs an hour"), rows),
    )


def _part(title: str, text: str, table: str) -> str:
    return f"\n## {title}\n\n{text}\n\n{table}" if table else ""


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    lines = ["| " + " | ".join(row) + " |" for row in (heads, *rows)]
    return "\n".join([lines[0], "|---" * len(heads) + "|", *lines[1:]]) + "\n"


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in versions.items())


def _seconds(each: list[float]) -> str:
    return _spread(each) if each else ""


def _spread(each: list[float]) -> str:
    middle = f"{statistics.median(each):.2f}"
    return middle if len(each) == 1 else f"{middle} ({min(each):.2f} to {max(each):.2f})"
