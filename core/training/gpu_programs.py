"""Tries once whether TensorFlow's cache of compiled programs works on this GPU.

A file of the cache that TensorFlow cannot write or read ends the training, and there was no GPU when this was written.
So two processes train the same small network: the first one compiles, the second one must find the program and train
the same weights, bit for bit. If they do, the file `works` is made, and `compile_cache` uses the folder from then on.

`python -m core.training.gpu_programs FOLDER` tries it; the waiting worker starts this once for each kind of GPU.
"""

import hashlib
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from core import process_settings
from core.files import Lock
from core.home import home
from core.subprocess_task import ROOT, child_environment, start_process
from core.training import compile_cache

TRIED = "tried"  # a file with what was seen
_TRAIN = "--train"
_SECONDS = 300.0  # for one process
_MODULE = "core.training.gpu_programs"


def start_trial() -> None:
    """Starts the trial for the GPU of this process, if there is one and it was not tried yet. It returns at once."""
    import keras

    folder = compile_cache.folder_for_gpu(home() / "programs")
    if folder is None or (folder / TRIED).exists() or keras.backend.backend() != "tensorflow":
        return
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "trial.log").open("wb") as log:
            start_process([sys.executable, "-m", _MODULE, str(folder)], log, child_environment())


def attempt(folder: Path) -> str:
    """Tries it, and returns what was seen in a sentence."""
    with tempfile.TemporaryDirectory(prefix="digit-lab-programs-") as temporary:
        programs = Path(temporary)
        first, found = _train(programs), _programs(programs)
        second = _train(programs)
        if not first or not second:
            seen = "The training failed with the cache."
        elif not found or _programs(programs) != found:
            seen = "The second process did not use the program of the first one."
        elif first != second:
            seen = "The second process trained other weights."
        else:
            (folder / compile_cache.WORKS).touch()
            seen = "It works: the second process used the program of the first one, and trained the same weights."
    (folder / TRIED).write_text(f"{seen}\n", "utf-8")
    return seen


def _train(programs: Path) -> str:
    """Trains in a process that caches its programs in this folder: a digest of the weights, empty if it failed."""
    environment = child_environment(TF_XLA_FLAGS=compile_cache.flags(programs))
    command = [sys.executable, "-m", _MODULE, _TRAIN]
    with suppress(subprocess.TimeoutExpired, OSError):
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, timeout=_SECONDS, check=False)
        return done.stdout.decode().strip() if done.returncode == 0 else ""
    return ""


def _programs(folder: Path) -> dict[str, int]:
    """The programs in a folder, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.pb")}


def main(argument: str) -> int:
    """Trains in this process, or tries it for a folder; returns 1 if another process is trying it."""
    process_settings.lower_priority(process_settings.STUDY_NICE)
    process_settings.apply()
    if argument == _TRAIN:
        from core.training import warmup

        weights = warmup.warm_up_process()
        print(hashlib.sha256(b"".join(weight.tobytes() for weight in weights)).hexdigest())
        return 0
    folder = Path(argument)
    lock = Lock(folder / "trial.lock")
    if not lock.acquire({}):
        return 1
    if not (folder / TRIED).exists():
        print(attempt(folder))
    lock.release()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
