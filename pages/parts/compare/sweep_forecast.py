"""How long the runs of a sweep take, estimated from a sample of their configs and from finished runs."""

from collections.abc import Sequence

import numpy as np

from core.config.run_config import RunConfig
from core.evaluation.comparison import RunRow
from core.network import forecast
from pages.shared import caches

_SAMPLED = 12  # configs; more would take too long at every click
_FINISHED = 30  # newest finished runs to learn the speed from


def expected_seconds(configs: Sequence[RunConfig], found: Sequence[RunRow]) -> float:
    """The mean training time of one run."""
    finished = [row.run for row in found if row.state == "finished"][:_FINISHED]
    everything = len(caches.data().training)
    places = np.linspace(0, len(configs) - 1, min(_SAMPLED, len(configs))).astype(int)
    sampled = [configs[place] for place in places]
    images = [forecast.training_images(config, everything) for config in sampled]
    each = [forecast.forecast(*pair, finished).seconds for pair in zip(sampled, images, strict=True)]
    return float(np.mean(each))
