"""Programs that XLA compiled, kept on disk: a network of a known shape begins half a second sooner the next time.

TensorFlow reads and writes them by itself where `TF_XLA_FLAGS` names a folder, but believes what it reads: with a file
cut short it trained other weights, without a word. So each file has its digest beside it, and one that does not match
is removed before TensorFlow is imported. JAX does so where `JAX_COMPILATION_CACHE_DIR` names one, and checks by itself:
what it compiles for the sixty small operations of a run, 2 s of it on two cores, is then at hand.
"""

import hashlib
import os
import time
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

MAX_PROGRAMS = 200  # programs of some 200 kB each; the oldest go first
MAX_JAX_PROGRAMS = 2000  # of some 6 kB
_STALE_SECONDS = 600.0  # nobody writes at a file for so long


def enable(folder: Path, *, on_gpu: bool) -> None:
    """Has the backend keep its programs below `folder`; called before it is imported.

    TensorFlow keeps those for a processor alone.
    """
    cache_folder = folder / _machine_id()
    try:
        cache_folder.mkdir(parents=True, exist_ok=True)
        remove_damaged(cache_folder)
        remove_oldest(cache_folder / "jax")
    except OSError:
        return  # a read-only or full disk: then each run compiles anew
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache_folder / "jax"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    if on_gpu or any(letter.isspace() for letter in str(cache_folder)):
        return  # flags are parted by spaces, and at one that it does not know TensorFlow ends the process
    flags = f"--tf_xla_persistent_cache_directory={cache_folder} --tf_xla_persistent_cache_prefix=program"
    os.environ["TF_XLA_FLAGS"] = f"{os.environ.get('TF_XLA_FLAGS', '')} {flags}".strip()


def write_digests(folder: Path) -> None:
    """Writes the digest of each program that has none yet; called when a run has compiled what it needs."""
    for program in (folder / _machine_id()).glob("*.pb"):
        if not _digest_of(program).exists():
            _digest_of(program).write_text(_digest(program))


def remove_damaged(cache_folder: Path) -> None:
    """Removes what was cut short, changed or never sealed, and the oldest of too many.

    It may be the program of a run that just now compiled it: that one has it in memory.
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
    """Removes those of JAX's programs that were compiled longest ago, of too many."""
    for program in _newest_first(cache_folder, "*-cache")[MAX_JAX_PROGRAMS:]:
        program.unlink(missing_ok=True)


def _newest_first(cache_folder: Path, pattern: str) -> list[Path]:
    return sorted(cache_folder.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)


@cache
def _machine_id() -> str:
    """A program runs only where the processor has the instructions that it was made of, with the same compiler."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else [" ".join(os.uname())]
    processor = sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}) or lines[:1]
    compilers = [version(name) for name in ("tensorflow", "jaxlib") if find_spec(name)]
    return hashlib.sha256("\n".join([*compilers, *processor]).encode()).hexdigest()[:12]


def _digest(program: Path) -> str:
    return hashlib.sha256(program.read_bytes()).hexdigest()


def _digest_of(program: Path) -> Path:
    return program.with_suffix(".sha256")
