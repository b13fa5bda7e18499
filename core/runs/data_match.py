"""Whether what a run says about images belongs to the images in use: people change their data, and downloads end."""

from collections.abc import Sequence
from typing import NamedTuple

from core.data.cache import fingerprint
from core.data.mnist import Mnist
from core.runs.run import Run


class DataInUse(NamedTuple):
    """What a run is asked about the data set in use. test_images: the size of its test set."""

    fingerprint: str
    test_images: int

    @classmethod
    def of(cls, data: Mnist) -> "DataInUse":
        return cls(fingerprint(data), len(data.test))

    def has_trained(self, run: Run) -> bool:
        """Whether `run` was trained with it; True if that is unknown, as of runs of earlier versions."""
        return run.data_fingerprint in ("", self.fingerprint)


def was_trained_on(run: Run, data: Mnist) -> bool:
    """Whether `run` was trained with this data set, as `DataInUse.has_trained` says."""
    return DataInUse.of(data).has_trained(run)


def have_different_data(one: Run, other: Run) -> bool:
    """Whether two runs are known to be trained with different data sets: their accuracies cannot be compared."""
    known = one.data_fingerprint, other.data_fingerprint
    return all(known) and known[0] != known[1]


def with_newest_data(runs: Sequence[Run]) -> list[Run]:
    """Those of `runs` that can be averaged: trained with the data set of the newest one, as far as that is known."""
    known = [(run.started.time, run.data_fingerprint) for run in runs if run.started and run.data_fingerprint]
    newest = max(known)[1] if known else ""
    return [run for run in runs if not newest or run.data_fingerprint in ("", newest)]
