"""The worker that stands in for the real one, and the runs that it trains."""

import sys

from core.config.run_config import RunConfig

STAND_IN = (sys.executable, "-m", "tests.unit.jobs.stand_in_worker")
SHORT, LONG = RunConfig(epochs=2), RunConfig(epochs=500)
