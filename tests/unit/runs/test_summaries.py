"""A summary is kept beside the events, and made again when they change."""

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.runs.events import BatchDone, EpochDone, RunEnded, Started
from core.runs.store import Run
from core.runs.summaries import POINTS, Summaries, thin
from core.runs.timeline import EventFile
from tests.faults.system import fill_disk
from tests.made_runs import make


def test_a_summary_is_kept_and_made_again_when_the_run_goes_on(store, summaries):
    run = make(store, RunConfig(epochs=2), level=0.95)
    first = summaries.get(run)
    assert (run.folder / "summary.json").exists()
    assert Summaries().get(run) == first  # another server reads what was kept
    file = EventFile(run.events_path)
    file.append(EpochDone(120, 3, 6.0, 0.1, 0.99, 0.001, 0.05, 0.985))
    file.append(RunEnded("finished", "", 9.0, epochs=3))
    file.close()
    assert summaries.get(run).best_validation == Summaries().get(run).best_validation == 0.985


def test_a_damaged_summary_is_made_again(store, summaries):
    run = make(store)
    first = summaries.get(run)
    (run.folder / "summary.json").write_text('{"stamp": [1')
    (run.folder / "curve.npy").write_bytes(b"no curve")
    assert Summaries().get(run) == first
    assert len(Summaries().curve(run).loss)


def test_on_a_full_disk_runs_can_still_be_compared(store, summaries, monkeypatch):
    run = make(store)

    fill_disk(monkeypatch, "replace")
    assert summaries.get(run).best_validation == 0.97
    assert len(summaries.curve(run).loss) == 40
    assert not (run.folder / "summary.json").exists()


def test_a_long_curve_is_thinned_to_means_and_keeps_its_end(store, summaries):
    run = make(store, RunConfig(epochs=5), points=2000)
    curve = summaries.curve(run)
    lines = [event for event in run.events()[0] if isinstance(event, BatchDone)]
    assert len(curve.step) == POINTS < len(lines) == 2000
    assert curve.step[-1] == lines[-1].step
    assert curve.epoch[-1] == pytest.approx(5.0)
    pieces = np.array_split(np.array([event.loss for event in lines]), POINTS)
    # Pieces as equal as can be: whichever of them get one point more, the mean of all stays.
    sizes = np.diff([0, *curve.step])
    assert float(np.average(curve.loss, weights=sizes)) == pytest.approx(float(np.concatenate(pieces).mean()), rel=1e-5)


def test_thinning_leaves_a_short_curve_alone():
    rows = np.arange(50.0).reshape(10, 5)
    assert thin(rows, 10) is rows


def test_the_curve_of_a_run_that_trains_is_read_on_and_is_whole_at_its_end(store, summaries, monkeypatch):
    run = store.create(RunConfig(epochs=2))
    file = EventFile(run.events_path)
    file.append(Started(1.0, "CPU", 10, 100, 0, 10, 2))
    offsets: list[int] = []
    read = Run.events
    monkeypatch.setattr(Run, "events", lambda self, offset=0: offsets.append(offset) or read(self, offset))
    clock = [100.0]
    monkeypatch.setattr("core.runs.summaries.time.monotonic", lambda: clock[0])

    def train(step: int) -> int:
        file.append(BatchDone(step, 1, step, 0.1 * step, 1 / step, 0.5, 9.0))
        return len(summaries.curve(run).loss)

    assert train(1) == 1
    assert train(2) == 1  # it may be a second old: all who look at it share one reading
    clock[0] += 2
    assert train(3) == 3
    assert offsets[0] == 0
    assert offsets[1] > 0, "it was read from its beginning again"
    train(4)
    file.append(RunEnded("stopped", "", 2.0, epochs=0))
    assert len(summaries.curve(run).loss) == 4, "nothing is drawn again after the end"
    file.close()
    assert len(Summaries().curve(run).loss) == 4
