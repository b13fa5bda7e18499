"""Events survive the way through a file, also when that file was cut short."""

import math
from dataclasses import replace

import pytest

from core.runs.events import BatchDone, EpochDone, RunEnded, Started, Untrained, from_line, to_line


def test_every_event_comes_back_from_its_line():
    for event in (
        Started(1.0, "CPU (2 cores)", 101_770, 54_000, 6_000, 1_688, 5),
        Untrained(0.02, 2.35, 0.09, 2.34, 0.11),
        BatchDone(10, 1, 10, 0.05, 2.1, 0.3, 50_000.0),
        EpochDone(1_688, 1, 0.4, 0.3, 0.91, 0.001),
        RunEnded("stopped", "Stopped by hand.", 2.0, 1),
    ):
        assert from_line(to_line(event)) == event


def test_a_loss_that_is_not_finite_is_still_json_and_comes_back():
    # Bare NaN is no JSON: other readers of the file would refuse the whole line.
    line = to_line(BatchDone(1, 1, 1, 0.1, math.nan, 0.1, 1.0))
    assert "NaN" not in line
    assert math.isnan(from_line(line).loss)


def test_a_line_cut_short_by_a_kill_is_no_event():
    line = to_line(EpochDone(5, 1, 0.4, 0.3, 0.91, 0.001))
    assert from_line(line[:30]) is None
    assert from_line("") is None
    assert from_line("[]") is None


@pytest.mark.parametrize("name", ["batches", "epochs"])
def test_a_run_has_at_least_one_batch_and_one_epoch(name):
    # Pages divide by both. Copies that were fine-tuned by earlier versions say that they have 0 batches.
    line = to_line(replace(Started(1.0, "CPU", 10, 100, 0, 4, 2), **{name: 0}))
    assert getattr(from_line(line), name) == 1
    assert from_line(line.replace(f'"{name}": 0', f'"{name}": -1')) is None


def test_an_event_of_another_version_is_passed_over():
    assert from_line('{"event": "Teleported", "where": 3}') is None
