"""Results that belong to one data set and are kept in the home, so that they are worked out once."""

import contextlib
import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.data.mnist import Mnist, home, release_pages
from core.digits import Digits
from core.files import suppress_disk_errors, write_atomic

_SAMPLE_STEP = 50  # of so many images one is looked at to tell data sets apart: 1 MB of 55
Arrays = Mapping[str, np.ndarray]


def fingerprint(mnist: Mnist) -> str:
    """Sixteen letters that differ between data sets: from every label and every fiftieth image."""
    return _fingerprint(mnist.train, mnist.validation, mnist.test)


@lru_cache(maxsize=8)  # digits are told apart by identity, and nobody writes on them
def _fingerprint(*parts: Digits) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for digits in parts:
        digest.update(len(digits).to_bytes(8, "big") + digits.labels.tobytes())
        digest.update(digits.images[::_SAMPLE_STEP].tobytes())
        release_pages(digits.images)
    return digest.hexdigest()


def cache_path(name: str, mnist: Mnist) -> Path:
    """Where the result `name` of this data set is kept, there or not."""
    return home() / "data" / "worked-out" / f"{name}-{fingerprint(mnist)}.npz"


def read(path: Path) -> dict[str, np.ndarray] | None:
    """The arrays kept at `path`; None where there are none, or none that are sound."""
    with contextlib.suppress(OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile), path.open("rb") as file:
        archive = np.load(file, allow_pickle=False)
        return {name: archive[name] for name in archive.files}
    return None


def write(path: Path, arrays: Arrays) -> None:
    """Keeps arrays at `path`, whole or not at all. Raises `RunError` where the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    np.savez(packed, **arrays)  # type: ignore[arg-type]
    write_atomic(path, packed.getvalue(), durable=False)


def load_or_compute(name: str, mnist: Mnist, compute: Callable[[], Arrays]) -> Arrays:
    """The result `name`, from the home or else from `work`."""
    path = cache_path(name, mnist)
    if (found := read(path)) is not None:
        return found
    arrays = compute()
    with suppress_disk_errors():
        write(path, arrays)
    return arrays
