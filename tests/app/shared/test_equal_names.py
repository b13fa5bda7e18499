"""Two runs with one name: each can be chosen, on every page with a box of runs."""

import pytest

from core.data import mnist
from core.runs.store import RunStore
from tests.app.train_page import rerun
from tests.known_run import known_run

BOXES = {"evaluate": "Run", "draw": "Network", "train": "Run"}


@pytest.fixture(scope="module")
def twins(home):
    store = RunStore(home)
    runs = [known_run(store, mnist.load(), name="Twins") for _ in range(2)]
    yield [run.id for run in runs]
    for run in runs:
        store.delete(run.id)


@pytest.mark.parametrize("page", BOXES)
def test_each_of_two_runs_with_one_name_can_be_chosen(open_page, twins, page):
    for run in twins:
        app = open_page(page, run=next(other for other in twins if other != run))
        box = next(box for box in app.selectbox if box.label == BOXES[page])
        (label,) = [label for label in box.options if run in label]
        box.set_value(label)
        rerun(app)
        assert not app.exception
        assert app.query_params["run"] == run
