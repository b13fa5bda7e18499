"""The coach's check of each digit with a run's latest weights."""

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.evaluation.checkup import MAX_IMAGES
from core.runs.checkpoints import write_arrays
from pages.parts.train.checkup import checkup
from pages.shared import caches
from tests.known_run import known_run


@pytest.mark.parametrize(("validate_on", "split"), [("held-out", "validation"), ("test", "test"), ("none", "test")])
def test_digits_are_judged_on_images_that_no_run_was_trained_on(store, validate_on, split):
    # Without held-out images the validation images are trained on: a run that knows them by heart reads them all.
    run = store.create(RunConfig(hidden_layers=0, validate_on=validate_on))
    run.epoch_path(1).parent.mkdir(exist_ok=True)
    always_three = {
        "digit_lab/probabilities/kernel": np.zeros((784, 10), np.float32),
        "digit_lab/probabilities/bias": np.eye(10, dtype=np.float32)[3],
    }
    write_arrays(run.epoch_path(1), always_three)
    seen = checkup(store.get(run.id))
    expected = getattr(caches.data(), split).labels[:MAX_IMAGES]
    assert seen.split == split
    assert seen.support == tuple((expected == digit).sum() for digit in range(10))
    assert seen.correct == tuple((expected == 3).sum() if digit == 3 else 0 for digit in range(10))


def test_a_run_that_has_ended_is_judged_on_all_images(store):
    data = caches.data()
    run = known_run(store, data, wrong_every=10)
    seen = checkup(run)
    assert seen.support == tuple(data.validation.counts)
    assert sum(seen.correct) == len(data.validation) - -(-len(data.validation) // 10)
