"""Whether what a run says about images belongs to the images in use: people change their data, and downloads end."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from core.config.run_config import TEST_SET
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
        return same_data(run.data_fingerprint, self.fingerprint)

    def test_images_of(self, run: Run) -> int | None:
        """On how many test images the run itself measured its accuracy; None if nobody knows."""
        if self.has_trained(run):
            return self.test_images
        return run.started.validation_images if run.started and run.config.validate_on == TEST_SET else None


def was_trained_on(run: Run, data: Mnist) -> bool:
    """Whether `run` was trained with this data set, as `DataInUse.has_trained` says."""
    return DataInUse.of(data).has_trained(run)


def have_different_data(one: Run, other: Run) -> bool:
    """Whether two runs are known to be trained with different data sets: their accuracies cannot be compared."""
    return not same_data(one.data_fingerprint, other.data_fingerprint)


def newest_data(runs: Iterable[Run]) -> str:
    """The fingerprint of the data set that the newest of `runs` trained with, as far as that is known; else empty."""
    known = [(run.started.time, run.data_fingerprint) for run in runs if run.started and run.data_fingerprint]
    return max(known)[1] if known else ""


def same_data(one: str, other: str) -> bool:
    """Whether runs of the data sets with these fingerprints can be compared; True if one of them is empty: unknown."""
    return not one or not other or one == other


def with_newest_data(runs: Sequence[Run]) -> list[Run]:
    """Those of `runs` that can be compared: trained with the data set of the newest one, as far as that is known."""
    newest = newest_data(runs)
    return [run for run in runs if same_data(run.data_fingerprint, newest)]
