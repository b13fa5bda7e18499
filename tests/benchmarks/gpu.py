"""What one GPU does: the time to the first point, whole trainings against stock Keras, and runs that share the GPU.

    MNIST_PATH=… python -m tests.benchmarks.gpu [--parts point fit shared] [--rounds 3] [--recipes chollet …]
    MNIST_PATH=… python -m tests.benchmarks.gpu --rehearsal

It writes docs/speed-gpu.md, and keeps what was measured in tests/benchmarks/gpu.json after each measurement, so the
parts can be measured on different days. TensorFlow and JAX take turns, as far as they are installed. The rehearsal is
small, needs no GPU, and writes a page into a temporary folder: its figures mean nothing.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core.config.recipes import TUTORIALS
from core.devices import gpus
from tests.benchmarks import gpu_page, gpu_runs
from tests.conftest import ROOT
from tests.stand_in_gpus import installed

HERE = Path(__file__).parent
BACKENDS = [name for name in ("tensorflow", "jax") if find_spec(name)]
POINT, FIT, SHARED = PARTS = "point", "fit", "shared"
AT_A_TIME = (1, 4, 8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="*", default=PARTS, choices=PARTS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--recipes", nargs="*", default=TUTORIALS, choices=TUTORIALS)
    parser.add_argument("--rehearsal", action="store_true")
    asked = parser.parse_args()
    if asked.rehearsal:
        folder = Path(tempfile.mkdtemp(prefix="digit-lab-rehearsal-"))
        with installed(1):  # the processor trains, and a stand-in for the driver says that there is a GPU
            measure(asked, folder / "gpu.json", folder / "speed-gpu.md")
        print(f"Rehearsed: {folder / 'speed-gpu.md'}")
    elif not gpus.gpus():
        raise SystemExit("There is no NVIDIA GPU. Use --rehearsal to try the command without one.")
    else:
        measure(asked, HERE / "gpu.json", ROOT / "docs" / "speed-gpu.md")


def measure(asked: argparse.Namespace, results_path: Path, page_path: Path) -> None:
    """Measures the parts and writes the page, again after each figure."""
    results: dict[str, Any] = json.loads(results_path.read_text()) if results_path.exists() else {}

    def keep(*place: str, figure: Any) -> None:
        *outer, last = place
        inside = results
        for name in outer:
            inside = inside.setdefault(name, {})
        inside.setdefault(last, []).append(figure)
        results["date"] = date.today().isoformat()
        results_path.write_text(json.dumps(results, indent=1) + "\n")
        page_path.write_text(gpu_page.page(results, rehearsal=asked.rehearsal))
        print(*place, figure, flush=True)

    results["machine"] = gpu_page.machine()
    for part in asked.parts:
        results.pop(part, None)
    rounds, recipes = (1, ["quickstart"]) if asked.rehearsal else (asked.rounds, asked.recipes)
    for number in range(1, rounds + 1):
        for backend in BACKENDS if number % 2 else reversed(BACKENDS):
            with environment(KERAS_BACKEND=backend):
                results.setdefault("devices", {})[backend] = in_own_process("device")
                if POINT in asked.parts:
                    for recipe, case, seconds in gpu_runs.first_points(small=asked.rehearsal):
                        keep(POINT, backend, recipe, case, figure=seconds)
                for recipe in recipes if FIT in asked.parts else ():
                    seed = 0 if asked.rehearsal else number
                    sides = ("stock", "engine") if number % 2 else ("engine", "stock")
                    figure = {side: in_own_process("fit", side, recipe, str(seed)) for side in sides}
                    keep(FIT, backend, recipe, figure=figure)
    for backend in BACKENDS if SHARED in asked.parts else ():
        for at_a_time in AT_A_TIME[: 2 if asked.rehearsal else None]:
            with environment(KERAS_BACKEND=backend, DIGIT_LAB_RUNS_PER_GPU=str(at_a_time)):
                figure = gpu_runs.runs_per_hour(at_a_time, small=asked.rehearsal)
                keep(SHARED, backend, str(at_a_time), figure=figure)


def in_own_process(*arguments: str) -> Any:
    """What `tests.benchmarks.gpu_process` measures in a new process, which compiles everything itself."""
    command = [sys.executable, "-m", "tests.benchmarks.gpu_process", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@contextlib.contextmanager
def environment(**values: str) -> Iterator[None]:
    """Sets variables of the environment, for the processes that are started within."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


if __name__ == "__main__":
    main()
