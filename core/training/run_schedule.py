"""The learning rates of a run: its schedule, and the factor by which a visitor has changed it."""

import numpy as np

from core.config import schedules
from core.config.run_config import RunConfig


class RunSchedule:
    """`scale`: the factor of a rate that a visitor has set over the schedule; it is part of the saved state."""

    def __init__(self, config: RunConfig, images: int, scale: float) -> None:
        self.config, self.images, self.scale = config, images, scale

    def rates(self) -> np.ndarray | None:
        """The rate of each step, float32; None if the optimiser's own rate is used."""
        return self._planned() * self.scale if schedules.has_step_schedule(self.config) else None

    def change(self, rates: np.ndarray, step: int, rate: float) -> None:
        """Scales the `rates` of the remaining steps so that the largest of them is `rate`.

        That is the next one, except while `one-cycle` rises: then `rate` is its new peak.
        """
        remaining = self._planned()[step:]
        self.scale = rate / max(float(remaining.max()), 1e-12)
        rates[step:] = remaining * self.scale

    def _planned(self) -> np.ndarray:
        return schedules.learning_rates(self.config, schedules.total_steps(self.config, self.images))
