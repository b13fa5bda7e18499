"""The files of a run's weights: read back whole or refused in a sentence, and never more of them than asked for."""

import numpy as np
import pytest

from core.errors import RunError
from core.runs.checkpoints import read_arrays, read_state, surplus, write_arrays, write_state


def test_all_that_a_resume_needs_is_read_back_as_it_was_kept(tmp_path, rng):
    weights, state = {"dense/kernel": rng.random((3, 2), np.float32)}, {"iterations": np.array(7)}
    write_state(tmp_path / "state.npz", 4, weights, state, {"loss": [0.5, 0.25]})
    epoch, kept, moments, history = read_state(tmp_path / "state.npz")
    assert (epoch, history) == (4, {"loss": [0.5, 0.25]})
    np.testing.assert_array_equal(kept["dense/kernel"], weights["dense/kernel"])
    assert kept.keys() == weights.keys()
    assert moments == state


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_file_cut_short_is_refused_in_a_sentence(tmp_path, rng, share):
    path = tmp_path / "0001.npz"
    write_arrays(path, {"kernel": rng.random((50, 50))})
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(RunError, match="deleted or damaged"):
        read_arrays(path)


@pytest.mark.parametrize("bound", [2, 3, 10, 50])
def test_however_long_a_run_its_first_and_last_epoch_are_kept(bound):
    kept: list[int] = []
    for epoch in range(1, 501):
        kept.append(epoch)
        kept = [each for each in kept if each not in surplus(kept, bound)]
        assert len(kept) <= bound
        assert kept[0] == 1
        assert kept[-1] == epoch
