"""What a cell of Compare's table says about its figure."""

import pytest

from core.config.run_config import RunConfig
from core.evaluation.comparison import build_row
from core.runs.data_match import DataInUse
from core.runs.store import RunStore
from core.runs.summaries import Summaries
from pages.parts.compare.run_cells import _test
from tests.made_runs import make


@pytest.mark.parametrize(
    ("validate_on", "data", "words"),
    [
        ("none", "a", "10,000 test images"),
        ("test", "b", "6,000 test images of another data set than the one in use"),
        ("none", "b", "Measured on the test images of another data set than the one in use."),
    ],
)
def test_a_test_accuracy_names_its_images(tmp_path, validate_on, data, words):
    store = RunStore(tmp_path)
    run = make(store, RunConfig(validate_on=validate_on, epochs=1), test=0.9)
    run = store.write(run.id, data={"fingerprint": data * 16, "names": list("0123456789")})
    text, _, hint = _test(build_row(run, store, Summaries(), DataInUse("a" * 16, 10_000)))
    assert text.startswith("90.00%")
    assert hint == words
