"""Results computed from one data set and kept in the home, so that each is computed once."""

import contextlib
import hashlib
import zipfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.data.mnist import Mnist, release_pages
from core.digits import Digits
from core.files import Arrays, suppress_disk_errors, write_arrays
from core.home import home

_SAMPLE_STEP = 50  # every 50th image is enough to tell data sets apart: 1 MB of 55


def fingerprint(mnist: Mnist) -> str:
    """Sixteen hexadecimal digits that identify a data set, computed from every label and every fiftieth image."""
    return _fingerprint(mnist.train, mnist.validation, mnist.test)


@lru_cache(maxsize=8)  # the cache compares `Digits` by identity; their arrays are read-only
def _fingerprint(*parts: Digits) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for digits in parts:
        digest.update(len(digits).to_bytes(8, "big") + digits.labels.tobytes())
        digest.update(digits.images[::_SAMPLE_STEP].tobytes())
        release_pages(digits.images)
    return digest.hexdigest()


def cache_path(name: str, mnist: Mnist) -> Path:
    """The file that keeps the result `name` of this data set; it may not exist yet."""
    return home() / "data" / "worked-out" / f"{name}-{fingerprint(mnist)}.npz"


def read(path: Path) -> dict[str, np.ndarray] | None:
    """The arrays in the file `path`; None if it is missing or damaged."""
    with contextlib.suppress(OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile), path.open("rb") as file:
        archive = np.load(file, allow_pickle=False)
        return {name: archive[name] for name in archive.files}
    return None


def write(path: Path, arrays: Arrays) -> None:
    """Saves arrays in the file `path`. Raises `RunError` if the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_arrays(path, arrays, durable=False)


def load_or_compute(name: str, mnist: Mnist, compute: Callable[[], Arrays]) -> Arrays:
    """The result `name`: read from the home, or else computed and saved there."""
    path = cache_path(name, mnist)
    if (found := read(path)) is not None:
        return found
    arrays = compute()
    with suppress_disk_errors():
        write(path, arrays)
    return arrays
