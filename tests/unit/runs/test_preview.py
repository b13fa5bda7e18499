"""The preview of a run: what a run wrote is read, and everything else is refused."""

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.errors import RunError
from core.files import write_arrays
from core.runs.preview import read_preview
from core.runs.store import RunStore

PREDICTED, WEIGHTS = np.array([7, 2, 1], np.uint8), np.ones((784, 4), np.float32)


@pytest.fixture
def run(tmp_path):
    return RunStore(tmp_path).create(RunConfig())


def test_what_a_run_wrote_is_read(run):
    write_arrays(run.preview_path, {"predicted": PREDICTED, "weights": WEIGHTS})
    found = read_preview(run)
    np.testing.assert_array_equal(found.predicted, PREDICTED)
    np.testing.assert_array_equal(found.weights, WEIGHTS)


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"predicted": PREDICTED},
        {"predicted": PREDICTED + 10, "weights": WEIGHTS},  # Train looked for the name of an eleventh class
        {"predicted": PREDICTED.astype(np.int8) - 3, "weights": WEIGHTS},
        {"predicted": PREDICTED[None], "weights": WEIGHTS},
        {"predicted": PREDICTED, "weights": WEIGHTS[:, :0]},
        {"predicted": PREDICTED, "weights": WEIGHTS[0]},
        {"predicted": PREDICTED, "weights": WEIGHTS.astype(np.int32)},
    ],
)
def test_anything_else_is_refused(run, arrays):
    if arrays:
        write_arrays(run.preview_path, arrays)
    with pytest.raises(RunError):
        read_preview(run)
