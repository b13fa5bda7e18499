"""The check of a run's latest weights: on images of its own data set only, else "unseen" may be false."""

import pytest

from core.config.run_config import RunConfig
from core.data.cache import fingerprint
from core.evaluation.checkup import Checkup, check
from tests.trained_run import trained_run


@pytest.mark.parametrize("known", [True, False])
def test_a_run_is_checked_on_training_and_unseen_images(store, embedded, known):
    run = trained_run(store, RunConfig(units=8), embedded)
    if known:
        store.write(run.id, data={"fingerprint": fingerprint(embedded), "names": list("0123456789")})
    found = check(store.get(run.id), 1, embedded)
    assert found.training is not None
    assert found.unseen is not None
    assert sum(found.support) == len(embedded.validation)


def test_a_run_of_another_data_set_is_not_checked(store, embedded):
    run = trained_run(store, RunConfig(units=8), embedded)
    store.write(run.id, data={"fingerprint": "0" * 16, "names": list("0123456789")})
    assert check(store.get(run.id), 1, embedded) == Checkup()
