"""The 25 digits of a run: its predictions count only for the images that it was trained beside."""

import numpy as np
import pytest

from core.data.cache import fingerprint
from core.files import write_arrays
from pages.shared import caches
from tests import made_moments, made_runs
from tests.app.train_page import visit, words
from tests.small_run import SMALL

NAMES = list("0123456789")


@pytest.fixture
def run(store):
    """A run that has read all but the first of its digits rightly."""
    run = made_runs.make(store)
    predicted = caches.data().validation.labels[:25].copy()
    predicted[0] = (predicted[0] + 1) % 10
    write_arrays(run.preview_path, {"predicted": predicted, "weights": np.ones((784, 4), np.float32)})
    return run


def test_a_run_of_this_data_set_shows_how_many_it_reads(store, run):
    store.write(run.id, data={"fingerprint": fingerprint(caches.data()), "names": NAMES})
    assert "**24 of 25** validation images right" in words(visit(run=run.id))


def test_a_run_of_an_earlier_version_does_not_know_its_data_set(run):
    assert "**24 of 25** validation images right" in words(visit(run=run.id))


def test_a_run_of_another_data_set_does_not_say_how_many(store, run):
    store.write(run.id, data={"fingerprint": "0" * 16, "names": NAMES})
    page = words(visit(run=run.id))
    assert "images right" not in page
    assert "Weights of the first layer" in page


def test_a_run_that_trains_with_another_data_set_does_not_show_its_network(store):
    run = made_moments.make_film(store, SMALL, caches.data())
    lock = run.lock
    assert lock.acquire({"after": run.events_path.stat().st_size})
    assert "cannot be shown" not in words(visit(run=run.id))
    store.write(run.id, data={"fingerprint": "0" * 16, "names": NAMES})
    assert (
        "trains with another data set than the one in use, so its network and its predictions cannot be shown"
        in words(visit(run=run.id))
    )
    lock.release()
