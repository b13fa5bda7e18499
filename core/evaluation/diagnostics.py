"""What is known about a run: its knobs, its events and what its latest weights do. The coach reads it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from core.config.run_config import RunConfig
from core.data.class_names import DIGITS, Names
from core.network.living_moment import layer_names
from core.runs.events import BatchDone, EpochDone, RateChanged, RunEnded
from core.runs.moment import Moment


@dataclass(frozen=True)
class Sample:
    """What one set of weights does on some images. `loss_error`: the standard error of the mean loss."""

    images: int
    correct: int
    loss: float
    loss_error: float

    @classmethod
    def from_probabilities(cls, probabilities: np.ndarray, labels: np.ndarray) -> Self:
        """probabilities: float (n, 10), n > 0. labels: (n,)."""
        losses = -np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-12))
        correct = int((probabilities.argmax(1) == labels).sum())
        return cls(len(labels), correct, float(losses.mean()), float(losses.std() / math.sqrt(len(labels))))

    @property
    def accuracy(self) -> float:
        return self.correct / self.images


@dataclass(frozen=True)
class RunDiagnostics:
    """What is known about a run: its knobs, its events, and what its latest kept weights do.

    training, unseen: the same weights on images of the training set and on images that the run never trained on.
    """

    config: RunConfig
    batches: Sequence[BatchDone] = ()
    epochs: Sequence[EpochDone] = ()
    rates: Sequence[RateChanged] = ()  # set while it trained
    ended: RunEnded | None = None
    dead: dict[str, float] = field(default_factory=dict)  # layer → share of dead units
    updates: dict[str, float] = field(default_factory=dict)  # layer → change of its weights per step, beside their size
    updates_step: int = 0  # at which the updates were measured
    correct: tuple[int, ...] = ()  # correct predictions of each digit
    support: tuple[int, ...] = ()  # images of each digit
    split: str = "validation"  # where those images come from
    training: Sample | None = None
    unseen: Sample | None = None
    names: Names = DIGITS  # of the ten classes

    def with_moment(self, moment: Moment) -> Self:
        """The same with the updates and the dead units of a moment, as the bars of the network panel show them."""
        names = layer_names(self.config)
        layers = dict(zip(names, moment.layers, strict=False)) if len(names) == len(moment.layers) else {}
        return replace(
            self,
            dead={name: layer.dead for name, layer in layers.items()},
            updates={name: layer.update_ratio for name, layer in layers.items()},
            updates_step=moment.step,
        )
