"""Work on the whole data set that takes a minute: done in a process of its own, kept in the home, seen from any page.

`python -m core.data.studies NAME FINGERPRINT` is that process. It gives way to whatever else the machine has to do.
"""

import contextlib
import os
import sys
from collections.abc import Callable

import numpy as np

from core.data import cache, mnist, outliers, projections
from core.data.mnist import Mnist
from core.errors import DataError
from core.subprocess_task import Progress, SubprocessTask

Work = Callable[[Mnist, Callable[[float], None]], dict[str, np.ndarray]]
STUDIES: dict[str, Work] = {"tsne": projections.tsne, "oddities": outliers.analyse}
# Threads that wait busily for one another crawl while a training run keeps the cores; these wait asleep, or are alone.
_LOW_PRIORITY = {"OMP_WAIT_POLICY": "passive", "OPENBLAS_NUM_THREADS": "1"}


class Study:
    """One study of one data set."""

    def __init__(self, name: str, data: Mnist) -> None:
        self.name = name
        self._result = cache.cache_path(name, data)
        self._data = data
        self.background = SubprocessTask(self._result)

    def result(self) -> dict[str, np.ndarray] | None:
        """What was found; None until it is there."""
        return cache.read(self._result)

    def progress(self) -> Progress:
        """How far it is, whoever started it."""
        return self.background.progress()

    def start(self) -> None:
        """Begins in the background, unless it is under way already."""
        self.background.start("core.data.studies", self.name, cache.fingerprint(self._data), **_LOW_PRIORITY)

    def stop(self) -> None:
        """Ends it; nothing is kept."""
        self.background.stop()

    def execute(self, expected: str, report: Callable[[float], None]) -> dict[str, str]:
        """Does it, for the data set of the fingerprint `expected` alone."""
        if cache.fingerprint(self._data) != expected:
            raise DataError(
                "Another data set has taken the place of the one to be studied. Reload the page, start again."
            )
        cache.write(self._result, STUDIES[self.name](self._data, report))
        return {}


def execute(name: str, expected: str) -> int:
    """Does one study in this process: 0, or 1 if someone else is at it."""
    data = mnist.load()
    if cache.fingerprint(data) != expected:
        data = mnist.load_embedded()
    study = Study(name, data)
    return study.background.execute(lambda report: study.execute(expected, report))


if __name__ == "__main__":
    with contextlib.suppress(OSError):
        os.nice(10)  # a training run comes first
    sys.exit(execute(*sys.argv[1:3]))
