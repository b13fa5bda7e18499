"""How long the runs of a sweep take, estimated from finished runs."""

from collections.abc import Sequence

from core.config.run_config import RunConfig
from core.evaluation.comparison import RunRow
from core.network import forecast
from core.runs.events import FINISHED
from pages.shared import caches


def expected_seconds(configs: Sequence[RunConfig], found: Sequence[RunRow]) -> float:
    """The mean training time of one run."""
    finished = [row.run for row in found if row.state == FINISHED]
    return forecast.mean_seconds(configs, len(caches.data().training), finished)
