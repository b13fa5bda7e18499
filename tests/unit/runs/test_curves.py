"""The curves of a run: read by increments, equal to what a reading of the whole gives."""

from dataclasses import replace

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.runs.curves import Curves
from core.runs.events import BatchDone, EpochDone, Paused, RateChanged, RunEnded, Started, Untrained
from core.runs.store import RunStore
from core.runs.summaries import Summaries
from tests.unit.runs.run_events import write_events


def started(from_epoch: int = 0) -> Started:
    return Started(1.0, "CPU", 10, 100, 50, batches=10, epochs=3, from_epoch=from_epoch)


def batch(step: int) -> BatchDone:
    return BatchDone(step, (step - 1) // 10 + 1, (step - 1) % 10 + 1, step / 4, 1 / step, 0.5, 1000.0)


def epoch(number: int, validation: float | None = 0.4) -> EpochDone:
    return EpochDone(10 * number, number, 2.5 * number, 0.5, 0.9, 0.001, validation, 0.9)


@pytest.fixture
def run(tmp_path):
    return RunStore(tmp_path).create(RunConfig())


def test_points_arrive_by_increments(run):
    curves = Curves(run)
    assert len(curves.refresh().batch_points("step", "loss")[0]) == 0
    write_events(run, started(), batch(4), batch(8))
    assert curves.refresh().batch_points("step", "loss")[0].tolist() == [4, 8]
    write_events(run, batch(10), epoch(1))
    assert curves.refresh().batch_points("epoch", "loss")[0].tolist() == [0.4, 0.8, 1.0]
    assert curves.epoch_points("seconds", "validation_loss")[0].tolist() == [2.5]
    assert curves.generation == 0


def test_every_curve_begins_with_the_untrained_network(run):
    write_events(run, started(), Untrained(0.1, 2.4, 0.11, 2.3, 0.1), batch(4), epoch(1))
    curves = Curves(run).refresh()
    assert [values.tolist() for values in curves.batch_points("step", "accuracy")] == [[0, 4], [0.11, 0.5]]
    assert [values.tolist() for values in curves.epoch_points("epoch", "validation_loss")] == [[0, 1], [2.3, 0.4]]
    assert Summaries().curve(run).accuracy.tolist() == pytest.approx([0.11, 0.5])
    write_events(run, started(), Untrained(0.1, 2.4, 0.12), batch(4))
    assert curves.refresh().batch_points("step", "accuracy")[1].tolist() == [0.12, 0.5]
    assert len(curves.epoch_points("epoch", "validation_loss")[0]) == 0


def test_a_resume_takes_back_what_it_trains_again(run):
    curves = Curves(run)
    write_events(
        run, started(), *map(batch, (5, 10)), epoch(1), batch(15), RateChanged(16, 2, 4.0, 0.1), batch(20), epoch(2)
    )
    curves.refresh()
    write_events(run, started(from_epoch=1), batch(12))
    steps, _ = curves.refresh().batch_points("step", "loss")
    assert steps.tolist() == [5, 10, 12]
    assert [done.epoch for done in curves.epochs] == [1]
    assert curves.rates == []
    assert curves.generation == 1
    whole = Curves(run).refresh()
    np.testing.assert_array_equal(whole.batch_points("step", "loss")[0], steps)


def test_a_resume_in_the_middle_of_an_epoch_keeps_the_points_before_it(run):
    curves = Curves(run)
    write_events(run, started(), batch(10), epoch(1), batch(12), batch(15), RunEnded("stopped", "", 2.0, 1))
    curves.refresh()
    write_events(run, replace(started(from_epoch=1), from_step=15), batch(18))
    assert curves.refresh().batch_points("step", "loss")[0].tolist() == [10, 12, 15, 18]
    assert curves.generation == 0


def test_a_resume_that_takes_nothing_back_keeps_the_generation(run):
    curves = Curves(run)
    write_events(run, started(), batch(10), epoch(1), RunEnded("stopped", "", 2.0, 1))
    curves.refresh()
    write_events(run, started(from_epoch=1), batch(15))
    assert curves.refresh().generation == 0
    assert curves.ended is None


def test_epochs_without_validation_have_no_mark(run):
    write_events(run, started(), epoch(1, validation=None))
    assert len(Curves(run).refresh().epoch_points("step", "validation_loss")[0]) == 0
    assert Curves(run).refresh().best_epoch() is None


def test_the_best_epoch_has_the_lowest_validation_loss(run):
    write_events(run, started(), epoch(1, 0.3), epoch(2, 0.2), epoch(3, 0.25))
    assert Curves(run).refresh().best_epoch().epoch == 2


def test_a_pause_lasts_until_the_next_event(run):
    write_events(run, started(), Paused(4, 1, 1.0))
    curves = Curves(run)
    assert curves.refresh().paused
    write_events(run, batch(5))
    assert not curves.refresh().paused


def test_a_run_whose_folder_is_gone_keeps_what_was_read(run):
    import shutil

    write_events(run, started(), batch(4))
    curves = Curves(run).refresh()
    shutil.rmtree(run.folder)
    assert len(curves.refresh().batches) == 1
