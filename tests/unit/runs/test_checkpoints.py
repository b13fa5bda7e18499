"""The files of a run's weights: read back whole or refused in a sentence, and never more of them than asked for."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import RunError
from core.runs.checkpoints import (
    TrainingState,
    read_arrays,
    read_progress,
    read_state,
    surplus_epochs,
    write_arrays,
    write_state,
)


def test_a_saved_state_is_read_back(tmp_path, rng):
    weights, state = {"dense/kernel": rng.random((3, 2), np.float32)}, {"iterations": np.array(7)}
    saved = TrainingState(4, weights, state, {"loss": [0.5, 0.25]}, 3, 16, (1.5, 90, 96), 2.5, stopped=True)
    write_state(tmp_path / "stopped.npz", saved)
    assert read_progress(tmp_path / "stopped.npz") == (4, 3, 16)
    found = read_state(tmp_path / "stopped.npz")
    np.testing.assert_array_equal(found.weights["dense/kernel"], weights["dense/kernel"])
    assert found.weights.keys() == weights.keys()
    assert replace(found, weights=weights) == saved


def test_a_state_of_an_earlier_version_is_read_too(tmp_path):
    facts = {"epoch": 2, "history": {"loss": [0.5, 0.25], "seconds": [1.0, 2.0]}}
    write_facts(tmp_path / "state.npz", facts)
    found = read_state(tmp_path / "state.npz")
    assert (found.epoch, found.batch, found.seconds, found.stopped) == (2, 0, 2.0, False)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"epoch": -1, "history": {}},
        {"epoch": 1, "history": {}, "batch": 16, "batches": 16},
        {"epoch": 1, "history": {"loss": "good"}},
        {"epoch": 1, "history": {}, "sums": [1]},
        {"epoch": 1, "history": {"seconds": []}},
        {"epoch": float("inf"), "history": {}},
        [1, 2],
    ],
)
def test_a_state_with_impossible_numbers_is_refused(tmp_path, facts):
    path = tmp_path / "state.npz"
    write_facts(path, facts)
    assert read_progress(path) is None
    with pytest.raises(RunError, match="missing or damaged"):
        read_state(path)


def write_facts(path, facts):
    write_arrays(path, {"told": np.frombuffer(json.dumps(facts).encode(), np.uint8)})


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_file_cut_short_is_refused_in_a_sentence(tmp_path, rng, share):
    path = tmp_path / "0001.npz"
    write_arrays(path, {"kernel": rng.random((50, 50))})
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(RunError, match="missing or damaged"):
        read_arrays(path)


@pytest.mark.parametrize("bound", [2, 3, 10, 50])
def test_however_long_a_run_its_first_and_last_epoch_are_kept(bound):
    kept: list[int] = []
    for epoch in range(1, 501):
        kept.append(epoch)
        kept = [each for each in kept if each not in surplus_epochs(kept, bound)]
        assert len(kept) <= bound
        assert kept[0] == 1
        assert kept[-1] == epoch
