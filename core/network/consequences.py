"""What changes of a network do to its answers for some images, fast enough to follow each click."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from core.digits import Digits
from core.network.interventions import Intervention, apply_interventions
from core.network.living import LivingNetwork

BATCH = 64  # images: the outputs of a convolution still fit into the processor's cache
MAX_KEPT_BYTES = 64_000_000  # of the inputs of layers, so that layers before a change are not computed again


@dataclass(frozen=True)
class Effect:
    """The answers before and after a change. became_wrong, became_right, other_answer: numbers of images."""

    images: int
    right_before: int
    right_after: int
    became_wrong: int
    became_right: int
    other_answer: int  # all images with another answer than before

    @property
    def before(self) -> float:
        """The accuracy before the change."""
        return self.right_before / self.images

    @property
    def after(self) -> float:
        """The accuracy after it."""
        return self.right_after / self.images


class Consequences:
    """A network's answers for some images, and what changes do to them. It keeps what the layers are given."""

    def __init__(self, network: LivingNetwork, digits: Digits) -> None:
        self.network, self.labels = network, digits.labels
        starts = [0, *(first for first, _ in network.drawn[1:])]
        self._inputs: dict[int, list[np.ndarray]] = {0: _batches(digits.images.astype(np.float32))}
        found = _in_parallel(lambda batch: list(network.outputs_from(0, batch)), self._inputs[0])
        room = MAX_KEPT_BYTES
        for start in reversed(starts[1:]):  # the later ones are smaller, and save more work
            kept = [outputs[start - 1] for outputs in found]
            if (room := room - sum(batch.nbytes for batch in kept)) < 0:
                break
            self._inputs[start] = kept
        self.answers = np.concatenate([outputs[-1].argmax(axis=1) for outputs in found])

    def effect(self, interventions: Sequence[Intervention]) -> Effect:
        """What these changes do. Layers before the first change are not computed again."""
        broken, mask = apply_interventions(self.network, interventions)
        rows = [row.name for row in self.network.rows]
        first = min((rows.index(each.layer) for each in interventions), default=len(rows))
        start = max(place for place in self._inputs if place <= first)
        parts = _in_parallel(lambda batch: _last(broken, start, batch, mask), self._inputs[start])
        after, right = np.concatenate(parts), self.answers == self.labels
        right_after = after == self.labels
        return Effect(
            len(self.labels),
            int(right.sum()),
            int(right_after.sum()),
            int((right & ~right_after).sum()),
            int((~right & right_after).sum()),
            int((after != self.answers).sum()),
        )


def _last(network: LivingNetwork, start: int, batch: np.ndarray, mask: dict[str, np.ndarray]) -> np.ndarray:
    outputs = batch
    for outputs in network.outputs_from(start, batch, mask):  # noqa: B007 only the last one is wanted
        pass
    return outputs.argmax(axis=1)


def _batches(images: np.ndarray) -> list[np.ndarray]:
    return [images[start : start + BATCH] for start in range(0, len(images), BATCH)]


def _in_parallel(work, batches):  # type: ignore[no-untyped-def]
    """`work` for each batch, each on one core: NumPy alone would divide only matrix products among the cores."""
    with _libraries().limit(limits=1), ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, batches))


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()
