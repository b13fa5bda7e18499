"""Moments: small snapshots of a network while it learns, made to be shown. They cannot resume a run.

RUN/moments/<step, 8 digits>.npz. Step 0 is the untrained network. While somebody watches a run that trains, the newest
one may be removed again when the next one is written.
"""

import os
import zipfile
import zlib
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.data.sampling import stratified_sample
from core.digits import Digits
from core.errors import RunError
from core.files import write_atomic
from core.runs.checkpoints import read_arrays
from core.runs.file_names import MOMENT_FILE, MOMENTS
from core.runs.moment import FIRST_IMAGES, MAX_IMAGES, Moment
from core.runs.moment_file import pack, unpack
from core.runs.run import Run
from core.untrusted import load_arrays

MAX_FILE_BYTES = 64 * 2**20
MAX_FILM_BYTES = 256 * 2**20  # of all moments that are read for one film


class MomentFolder:
    """The writing side: the moments of one run."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def write(self, moment: Moment) -> None:
        """Raises `RunError` where the disk is full."""
        write_moment(self.run, moment)

    def remove(self, step: int) -> None:
        """Removes the moment at `step`, if there is one."""
        _path(self.run, step).unlink(missing_ok=True)

    def discard_after(self, step: int) -> None:
        """Removes what an earlier attempt wrote after `step`: a resumed run trains those steps again."""
        for path in _paths(self.run):
            if int(path.stem) > step:
                path.unlink(missing_ok=True)


@lru_cache(maxsize=4)  # `Digits` are compared by identity; pages ask at every refresh
def fixed_images(validation: Digits) -> np.ndarray:
    """Which validation images the moments of every run measure: int64 (at most 500,).

    The first 25 are those that the Train page shows; the others are drawn evenly over the ten digits.
    """
    first = np.arange(min(FIRST_IMAGES, len(validation)))
    rest = validation.labels[len(first) :]
    drawn = stratified_sample(rest, min(MAX_IMAGES - len(first), len(rest)), np.random.default_rng(0))
    found = np.concatenate([first, len(first) + drawn]).astype(np.int64)
    found.flags.writeable = False
    return found


def has_all_weights(moment: Moment) -> bool:
    """Whether a moment holds all weights."""
    return moment.weights is not None


def all_weights(run: Run, moment: Moment) -> tuple[np.ndarray, ...] | None:
    """All weights at a moment, its own or those of the epoch that ended there; None where neither was kept."""
    if moment.weights is not None:
        return moment.weights
    epoch = round(moment.epoch)
    if epoch < 1 or moment.epoch != epoch:
        return None
    with suppress(RunError):
        return tuple(read_arrays(run.epoch_path(epoch)).values())
    return None


def write_moment(run: Run, moment: Moment) -> None:
    """Writes a moment whole or not at all. Raises `RunError` where the disk is full."""
    path = _path(run, moment.step)
    path.parent.mkdir(exist_ok=True)
    write_atomic(path, pack(moment), durable=False)


def read_moments(run: Run) -> list[Moment]:
    """The moments of a run in order of their steps. Damaged or strange files are left out.

    Where all files together are larger than 256 MiB, only every second, third … moment is read.
    """
    paths = _paths(run)
    stride = 1 + sum(_size(path) for path in paths) // MAX_FILM_BYTES
    return [moment for path in paths[::stride] if (moment := read_moment(path)) is not None]


def read_moment(path: Path) -> Moment | None:
    """One moment; None where the file is damaged or holds something else."""
    try:
        return unpack(load_arrays(path, MAX_FILE_BYTES), int(path.stem))
    except (OSError, ValueError, TypeError, LookupError, zlib.error, zipfile.BadZipFile, RecursionError):
        return None


def moment_names(run: Run) -> list[str]:
    """The file names of a run's moments in order of their steps."""
    try:
        names = os.listdir(run.folder / MOMENTS)
    except OSError:
        return []
    return sorted(name for name in names if MOMENT_FILE.fullmatch(name))


def _path(run: Run, step: int) -> Path:
    return run.folder / MOMENTS / f"{step:08d}.npz"


def _paths(run: Run) -> list[Path]:
    return [run.folder / MOMENTS / name for name in moment_names(run)]


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.lstat().st_size
    return 0
