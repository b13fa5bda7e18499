"""A cache of XLA's compiled programs on disk: a network of a known shape starts half a second sooner the next time.

TensorFlow reads and writes the folder in `TF_XLA_FLAGS`, but does not check files: with a truncated file it trained
other weights without an error. So each file has a digest, and files that do not match are removed before TensorFlow is
imported. JAX uses the folder in `JAX_COMPILATION_CACHE_DIR` and checks by itself; the cache saves 2 s on two cores for
the sixty small operations of a run.

Programs for a GPU have a folder for each kind of GPU and driver. TensorFlow uses it once `gpu_programs` has tried that
it works there: an error in the cache would end the training.
"""

import hashlib
import os
import time
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from core.devices import gpus

WORKS = "works"  # a file in the folder of a GPU: it was tried that TensorFlow's cache works there
MAX_PROGRAMS = 200  # programs of about 200 kB each; the oldest are deleted first
MAX_JAX_PROGRAMS = 2000  # of about 6 kB
_STALE_SECONDS = 600.0  # no file is written for that long


def enable(folder: Path, *, on_gpu: bool) -> None:
    """Makes the backend cache its programs in `folder`; called before it is imported."""
    cache_folder, on_cpu = folder_for_gpu(folder) if on_gpu else None, folder / _machine_id()
    cache_folder = cache_folder or on_cpu
    try:
        cache_folder.mkdir(parents=True, exist_ok=True)
        remove_damaged(cache_folder)
        remove_oldest(on_cpu / "jax")
    except OSError:
        return  # a read-only or full disk: each run compiles again
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(on_cpu / "jax"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    if not on_gpu or (cache_folder / WORKS).exists():
        os.environ["TF_XLA_FLAGS"] = flags(cache_folder)


def flags(cache_folder: Path) -> str:
    """The value of TF_XLA_FLAGS with which TensorFlow caches its programs in this folder."""
    earlier = os.environ.get("TF_XLA_FLAGS", "")
    if any(letter.isspace() for letter in str(cache_folder)):
        return earlier  # flags are separated by spaces, and TensorFlow exits at an unknown flag
    directory = f"--tf_xla_persistent_cache_directory={cache_folder}"
    return f"{earlier} {directory} --tf_xla_persistent_cache_prefix=program".strip()


def folder_for_gpu(folder: Path) -> Path | None:
    """The folder for programs of the GPU that this process uses; None without a GPU, or with several kinds."""
    names = {gpu.name for gpu in gpus.gpus()}
    if len(names) != 1:
        return None
    kind = hashlib.sha256("\n".join([*names, gpus.driver_version()]).encode()).hexdigest()[:12]
    return folder / f"{_machine_id()}-{kind}"


def write_digests(folder: Path) -> None:
    """Writes the digest of each program that has none; called after a run has compiled its programs."""
    for cache_folder in filter(None, (folder / _machine_id(), folder_for_gpu(folder))):
        for program in cache_folder.glob("*.pb"):
            if not _digest_of(program).exists():
                _digest_of(program).write_text(_digest(program))


def remove_damaged(cache_folder: Path) -> None:
    """Removes truncated and changed files, files without a digest, and the oldest if there are too many.

    A run that has just compiled a program still has it in memory.
    """
    for number, program in enumerate(_newest_first(cache_folder, "*.pb")):
        digest = _digest_of(program)
        if number >= MAX_PROGRAMS or not digest.exists() or digest.read_bytes() != _digest(program).encode():
            program.unlink(missing_ok=True)
            digest.unlink(missing_ok=True)
    for unfinished in cache_folder.glob("*.tmp"):
        if time.time() - unfinished.stat().st_mtime > _STALE_SECONDS:
            unfinished.unlink(missing_ok=True)


def remove_oldest(cache_folder: Path) -> None:
    """Removes the oldest of JAX's programs if there are too many."""
    for program in _newest_first(cache_folder, "*-cache")[MAX_JAX_PROGRAMS:]:
        program.unlink(missing_ok=True)


def _newest_first(cache_folder: Path, pattern: str) -> list[Path]:
    return sorted(cache_folder.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)


@cache
def _machine_id() -> str:
    """A program needs the same CPU instructions and the same compiler."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else [" ".join(os.uname())]
    processor = sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}) or lines[:1]
    compilers = [version(name) for name in ("tensorflow", "jaxlib") if find_spec(name)]
    return hashlib.sha256("\n".join([*compilers, *processor]).encode()).hexdigest()[:12]


def _digest(program: Path) -> str:
    return hashlib.sha256(program.read_bytes()).hexdigest()


def _digest_of(program: Path) -> Path:
    return program.with_suffix(".sha256")
