"""Programs that XLA compiled, kept on disk: a network of a known shape begins half a second sooner the next time.

TensorFlow reads and writes them by itself where `TF_XLA_FLAGS` names a folder, but believes what it reads: with a file
cut short it trained other weights, without a word. So each file has its digest beside it, and one that does not match
is removed before TensorFlow is imported.
"""

import hashlib
import os
import time
from functools import cache
from importlib.metadata import version
from pathlib import Path

KEPT = 200  # programs of some 200 kB each; the oldest go first
_LEFT_SECONDS = 600.0  # nobody writes at a file for so long


def keep(folder: Path) -> None:
    """Has TensorFlow keep its programs below `folder`; called before it is imported."""
    place = folder / _this_machine()
    if any(letter.isspace() for letter in str(place)):
        return  # flags are parted by spaces, and at one that it does not know TensorFlow ends the process
    try:
        place.mkdir(parents=True, exist_ok=True)
        drop_damaged(place)
    except OSError:
        return  # a read-only or full disk: then each run compiles anew
    flags = f"--tf_xla_persistent_cache_directory={place} --tf_xla_persistent_cache_prefix=program"
    os.environ["TF_XLA_FLAGS"] = f"{os.environ.get('TF_XLA_FLAGS', '')} {flags}".strip()


def seal(folder: Path) -> None:
    """Writes the digest of each program that has none yet; called when a run has compiled what it needs."""
    for program in (folder / _this_machine()).glob("*.pb"):
        if not _digest_of(program).exists():
            _digest_of(program).write_text(_digest(program))


def drop_damaged(place: Path) -> None:
    """Removes what was cut short, changed or never sealed, and the oldest of too many.

    It may be the program of a run that just now compiled it: that one has it in memory.
    """
    programs = sorted(place.glob("*.pb"), key=lambda path: path.stat().st_mtime, reverse=True)
    for number, program in enumerate(programs):
        digest = _digest_of(program)
        if number >= KEPT or not digest.exists() or digest.read_text() != _digest(program):
            program.unlink(missing_ok=True)
            digest.unlink(missing_ok=True)
    for unfinished in place.glob("*.tmp"):
        if time.time() - unfinished.stat().st_mtime > _LEFT_SECONDS:
            unfinished.unlink(missing_ok=True)


@cache
def _this_machine() -> str:
    """A program runs only where the processor has the instructions that it was made of, with the same TensorFlow."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else [" ".join(os.uname())]
    processor = sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}) or lines[:1]
    return hashlib.sha256("\n".join([version("tensorflow"), *processor]).encode()).hexdigest()[:12]


def _digest(program: Path) -> str:
    return hashlib.sha256(program.read_bytes()).hexdigest()


def _digest_of(program: Path) -> Path:
    return program.with_suffix(".sha256")
