"""A cache of XLA's compiled programs on disk: a network of a known shape starts half a second sooner the next time.

TensorFlow reads and writes the folder in `TF_XLA_FLAGS`, but does not check files: with a truncated file it trained
other weights without an error. So each file has a digest, and files that do not match are removed before TensorFlow is
imported. JAX uses the folder in `JAX_COMPILATION_CACHE_DIR` and checks by itself; the cache saves 2 s on two cores for
the sixty small operations of a run.
"""

import hashlib
import os
import time
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

MAX_PROGRAMS = 200  # programs of about 200 kB each; the oldest are deleted first
MAX_JAX_PROGRAMS = 2000  # of about 6 kB
_STALE_SECONDS = 600.0  # no file is written for that long


def enable(folder: Path, *, on_gpu: bool) -> None:
    """Makes the backend cache its programs in `folder`; called before it is imported.

    TensorFlow caches programs for CPUs only.
    """
    cache_folder = folder / _machine_id()
    try:
        cache_folder.mkdir(parents=True, exist_ok=True)
        remove_damaged(cache_folder)
        remove_oldest(cache_folder / "jax")
    except OSError:
        return  # a read-only or full disk: each run compiles again
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache_folder / "jax"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    if on_gpu or any(letter.isspace() for letter in str(cache_folder)):
        return  # flags are separated by spaces, and TensorFlow exits at an unknown flag
    flags = f"--tf_xla_persistent_cache_directory={cache_folder} --tf_xla_persistent_cache_prefix=program"
    os.environ["TF_XLA_FLAGS"] = f"{os.environ.get('TF_XLA_FLAGS', '')} {flags}".strip()


def write_digests(folder: Path) -> None:
    """Writes the digest of each program that has none; called after a run has compiled its programs."""
    for program in (folder / _machine_id()).glob("*.pb"):
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
