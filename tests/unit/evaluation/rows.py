"""Rows of the table of runs, made for tests of comparisons."""

from collections.abc import Sequence

from core.config.run_config import RunConfig
from core.evaluation import comparison, verdict
from core.evaluation.comparison import RunRow
from core.evaluation.verdict import Comparison
from core.runs.data_match import DataInUse
from core.runs.events import RateChanged, RunEnded, to_line
from core.runs.store import Run, RunStore
from core.runs.summaries import Summaries
from core.runs.timeline import EventFile
from tests.made_runs import make

TEST_IMAGES = 10_000
HERE, ELSEWHERE = "a" * 16, "b" * 16  # two data sets: the one in use, and another one
IN_USE = DataInUse(HERE, TEST_IMAGES)


def row(store: RunStore, summaries: Summaries, config: RunConfig | None = None, data: str = "", **made) -> RunRow:
    """data: the fingerprint of the run's data set."""
    run = make(store, config, **made)
    if data:
        run = store.write(run.id, data={"fingerprint": data, "names": list("0123456789")})
    return comparison.build_row(run, store, summaries, IN_USE)


def compared(first: RunRow, second: RunRow, found: Sequence[RunRow] = ()) -> Comparison:
    return verdict.compare(first, second, found, validation_images=6_000)


OPEN = RunConfig(validate_on="none")


def rate_changed(store: RunStore, summaries: Summaries, config: RunConfig, **made) -> RunRow:
    """A row whose learning rate was set by hand on the way."""
    run = make(store, config, **made)
    lines = run.events_path.read_text().splitlines(keepends=True)
    run.events_path.write_text("".join([*lines[:-1], to_line(RateChanged(20, 3, 1.0, 0.01)), lines[-1]]))
    return comparison.build_row(store.get(run.id), store, summaries, IN_USE)


def personalised(store: RunStore, summaries: Summaries, config: RunConfig) -> RunRow:
    """A row as `save_copy` leaves it: a network and a last word, and no epoch."""
    return _without_epochs(store, summaries, store.create(config), 4)


def opened(store: RunStore, summaries: Summaries, config: RunConfig, *, foreign: bool = False) -> RunRow:
    """A row of somebody's `.keras` file: a network, and nothing about its training."""
    run = store.create(config, foreign=foreign, name="Theirs")
    return _without_epochs(store, summaries, store.write(run.id, imported=True), 0)


def _without_epochs(store: RunStore, summaries: Summaries, run: Run, epochs: int) -> RunRow:
    run.model_path.write_bytes(b"weights")
    file = EventFile(run.events_path)
    file.append(RunEnded("finished", "", 1.0, epochs))
    file.close()
    return comparison.build_row(store.get(run.id), store, summaries, IN_USE)
