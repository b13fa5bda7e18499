"""What a training asks and hands out while it runs, besides events: requests of visitors, states to keep, previews."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from core.runs.checkpoints import TrainingState
from core.training.moment_capture import MomentSink
from core.training.pack import Member


class Control:
    """The requests of visitors, read after each engine call. This one never pauses or stops a run."""

    def should_stop(self) -> bool:
        """Whether to stop now and keep the weights."""
        return False

    def is_paused(self, epochs: int) -> bool:
        """Whether training waits; `epochs` are completed."""
        return False

    def learning_rate(self) -> float | None:
        """A new learning rate, once for each time it is set."""
        return None

    def is_watched(self) -> bool:
        """Whether somebody looks at the run. Any thread may ask."""
        return False


@dataclass(frozen=True)
class Hooks:
    """keep: receives the state after each epoch and at a stop. preview: the latest predictions, once a second.

    moments: receives small snapshots for showing; all are written when the training returns.
    pack: the runs that train in the same calls.
    """

    control: Control = field(default_factory=Control)
    save_state: Callable[[TrainingState], None] | None = None
    preview: Callable[[dict[str, np.ndarray]], None] | None = None
    moments: MomentSink | None = None
    pack: Member | None = None
