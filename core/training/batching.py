"""Which images form a batch, in which order, and the sums of a batch."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from core.data.random_streams import ORDER, random

if TYPE_CHECKING:
    from core.training.pack import Member

VALIDATION_BATCH = 2000  # images: large products that fit into the memory of a small GPU; divides 6,000 and 10,000


@dataclass
class Sums:
    """Sums over some batches: the loss of all images, correct images, and images."""

    loss: float = 0.0
    correct: int = 0
    images: int = 0

    def __iadd__(self, other: "Sums") -> "Sums":
        self.loss += other.loss
        self.correct += other.correct
        self.images += other.images
        return self

    @classmethod
    def from_logits(cls, labels: np.ndarray, logits: Any) -> Self:
        """The sums of some predictions: labels uint8 (n,), logits float32 (n, 10).

        The loss is Keras' cross-entropy, which is the same for labels as numbers and as one-hot rows.
        """
        logits = np.asarray(logits)
        columns = np.ascontiguousarray(logits.T)  # NumPy needs twice as long along rows of ten
        with np.errstate(invalid="ignore"):  # after divergence the loss is NaN, and is shown as such
            shifted = columns - columns.max(axis=0)
            losses = np.log(np.exp(shifted).sum(axis=0)) - shifted[labels, np.arange(len(labels))]
        is_correct = logits.argmax(axis=1) == labels
        return cls(float(losses.sum(dtype=np.float64)), int(is_correct.sum()), len(labels))

    @property
    def mean_loss(self) -> float:
        return self.loss / self.images

    @property
    def accuracy(self) -> float:
        return self.correct / self.images

    def as_metrics(self) -> tuple[float, float, float, float]:
        """The state of Keras' two metrics: total and count of the loss, total and count of the accuracy."""
        return self.loss, self.images, self.correct, self.images

    def as_logs(self) -> dict[str, float]:
        """The means as Keras names them."""
        return {"loss": self.mean_loss, "accuracy": self.accuracy}


@dataclass(frozen=True, eq=False)
class LoopOptions:
    """How a `Loop` goes through the images.

    augment: returns the images of an epoch (0-based), uint8 (n, 28, 28); None if all epochs use the same images.
    rates: the learning rate of each step of the run, float32. custom_order: replaces the shuffled order of an epoch.
    batches_per_call: batches in one call of the engine; None: as many as take about a tenth of a second.
    pack: the runs that train in the same calls.
    """

    batch_size: int
    seed: int
    augment: Callable[[int], np.ndarray] | None = None
    rates: np.ndarray | None = None
    batches_per_call: int | None = None
    custom_order: Callable[[int], np.ndarray] | None = None
    pack: "Member | None" = None


@dataclass(frozen=True)
class StartPoint:
    """Where `fit` starts: after `epoch` epochs and `batch` batches of the next one, whose sums are `sums`."""

    epoch: int = 0
    batch: int = 0
    sums: Sums = field(default_factory=Sums)


@dataclass(frozen=True)
class Plan:
    """How a run is divided: `batches_per_call` batches of `batch_size` images in each call of the engine.

    scheduled: each batch has its own learning rate. augment: each epoch has its own images. padded: the short batch of
    an epoch is padded with images that do not count, so one compiled shape is enough. A norm would count them: then
    the short batch has its own shape. even: each call is full.
    """

    batch_size: int
    batches_per_call: int
    scheduled: bool = False
    augment: bool = False
    padded: bool = True
    even: bool = False


class BatchArrays(NamedTuple):
    """The batches of one call, padded to one shape. Only the first `real` rows count."""

    batches: np.ndarray  # int32 (batches_per_call, size), indices of images
    sizes: np.ndarray  # float32 (batches_per_call,), images of each batch that are not padding
    rates: np.ndarray  # float32 (batches_per_call,)
    real: np.ndarray  # int32 (), how many rows are no padding


@dataclass(frozen=True)
class Call:
    """One call of the engine: `indices` int32 (n,), divided into batches, and a learning rate for each batch."""

    indices: np.ndarray
    rates: np.ndarray | None = None

    def padded_batches(self, plan: Plan) -> Iterator[BatchArrays]:
        """The call as arrays of few shapes: one part, and another for a short batch that cannot be padded."""
        size = plan.batch_size
        images = len(self.indices)
        whole = images // size
        if plan.padded or images == whole * size:
            yield self._pad(plan.batches_per_call, size, 0, -(-images // size))
            return
        if whole:
            yield self._pad(plan.batches_per_call, size, 0, whole)
        yield self._pad(1, images - whole * size, whole * size, 1)

    def _pad(self, rows: int, size: int, start: int, count: int) -> BatchArrays:
        indices_used = self.indices[start : start + count * size]
        batches = np.zeros((rows, size), np.int32)
        batches.ravel()[: len(indices_used)] = indices_used
        sizes, rates = np.full(rows, size, np.float32), np.zeros(rows, np.float32)
        sizes[count - 1] = len(indices_used) - (count - 1) * size
        if self.rates is not None:
            rates[:count] = self.rates[-1:] if start else self.rates[:count]
        return BatchArrays(batches, sizes, rates, np.array(count, np.int32))


def drop_padding(columns: Any, sizes: np.ndarray, count: Any) -> np.ndarray:
    """The logits of the real images of a part: float32 (images, 10) from those of all rows, (rows, 10, size).

    Padding is at the end.
    """
    return np.concatenate(np.asarray(columns)[: int(count)], axis=1).T[: int(sizes[:count].sum())]


def shuffled_order(seed: int, epoch: int, images: int) -> np.ndarray:
    """The order of the images in an epoch (0-based): int32 (images,), each index once."""
    return random(seed, epoch, ORDER).permutation(images).astype(np.int32)
