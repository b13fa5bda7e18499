"""One clock for the moments of two runs."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from core.runs.moment import Moment
from core.runs.run import Run


class Tick(NamedTuple):
    """A reading of the clock, and the newest moment of each run that is not later: positions in their lists."""

    reading: float
    left: int
    right: int


def images_seen(run: Run, moments: Sequence[Moment]) -> list[int]:
    """How many training images a run has seen at each moment; an image counts once for each epoch.

    Unlike the step, this is a fair clock where the batch sizes differ: the last batch of an epoch may be smaller.
    """
    started = run.started
    if started is None:
        return [moment.step * run.config.batch_size for moment in moments]
    seen = []
    for moment in moments:
        epochs, batches = divmod(moment.step, started.batches)
        seen.append(epochs * started.train_images + min(batches * run.config.batch_size, started.train_images))
    return seen


def ticks(left: Sequence[float], right: Sequence[float]) -> list[Tick]:
    """Every reading at which one of two runs has a moment. left, right: the readings of their moments, ascending.

    Before its first moment a run shows that one; after its last, it shows the last.
    """
    readings = sorted({*left, *right})
    return [Tick(each, _at(left, each), _at(right, each)) for each in readings]


def _at(readings: Sequence[float], reading: float) -> int:
    return max(0, bisect_right(readings, reading) - 1)
