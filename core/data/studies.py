"""Studies of the whole data set that take a minute: run in a separate process, kept in the home, seen from any page.

`python -m core.data.studies NAME FINGERPRINT` is that process. It has the lowest priority on the machine.
"""

import sys
from collections.abc import Callable

import numpy as np

from core import process_settings
from core.data import cache, mnist, outliers, projections
from core.data.mnist import Mnist
from core.errors import DataError
from core.subprocess_task import Progress, SubprocessTask

Work = Callable[[Mnist, Callable[[float], None]], dict[str, np.ndarray]]
STUDIES: dict[str, Work] = {"tsne": projections.tsne, "oddities": outliers.analyse}
# Threads that wait in a busy loop are very slow while a training run uses the cores. These sleep, or there is only one.
_LOW_PRIORITY = {"OMP_WAIT_POLICY": "passive", "OPENBLAS_NUM_THREADS": "1"}


class Study:
    """One study of one data set."""

    def __init__(self, name: str, data: Mnist) -> None:
        self.name = name
        self._result = cache.cache_path(name, data)
        self._data = data
        self.background = SubprocessTask(self._result)

    def result(self) -> dict[str, np.ndarray] | None:
        """The result; None until it is computed."""
        return cache.read(self._result)

    def progress(self) -> Progress:
        """The progress, whoever started it."""
        return self.background.progress()

    def start(self) -> None:
        """Starts in the background, unless it is running already."""
        self.background.start("core.data.studies", self.name, cache.fingerprint(self._data), **_LOW_PRIORITY)

    def stop(self) -> None:
        """Cancels the study; nothing is kept."""
        self.background.stop()

    def execute(self, expected: str, report: Callable[[float], None]) -> dict[str, str]:
        """Runs the study, only for the data set with the fingerprint `expected`."""
        if cache.fingerprint(self._data) != expected:
            raise DataError("The data set changed before this study began. Reload the page and start again.")
        cache.write(self._result, STUDIES[self.name](self._data, report))
        return {}


def execute(name: str, expected: str) -> int:
    """Runs one study in this process: 0, or 1 if another process runs it already."""
    data = mnist.load()
    if cache.fingerprint(data) != expected:
        data = mnist.load_embedded()
    study = Study(name, data)
    return study.background.execute(lambda report: study.execute(expected, report))


if __name__ == "__main__":
    process_settings.lower_priority(process_settings.STUDY_NICE)
    sys.exit(execute(*sys.argv[1:3]))
