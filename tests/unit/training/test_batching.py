"""Sums over batches count images, so that a short batch has the weight of its images."""

import math

import numpy as np
import pytest
from sklearn.metrics import log_loss

from core.training.batching import Call, Plan, Sums, drop_padding


def test_loss_and_hits_are_those_of_scikit_learn(rng):
    logits = rng.normal(0, 4, (200, 10)).astype(np.float32)
    labels = rng.integers(0, 10, 200).astype(np.uint8)
    powers = np.exp(logits.astype(np.float64))
    sums = Sums.from_logits(labels, logits)
    assert sums.mean_loss == pytest.approx(log_loss(labels, powers / powers.sum(1, keepdims=True)), rel=1e-6)
    assert sums.correct == (logits.argmax(1) == labels).sum()
    assert sums.images == 200


def test_a_sure_answer_costs_nothing_or_what_it_is_wrong_by():
    sure = np.full((1, 10), -500, np.float32)
    sure[0, 3] = 500
    assert Sums.from_logits(np.array([3], np.uint8), sure).loss == 0
    assert Sums.from_logits(np.array([4], np.uint8), sure).loss == 1000  # nothing is cut off, and no power overflows


def test_parts_add_up_to_the_whole(rng):
    logits, labels = rng.normal(0, 1, (50, 10)).astype(np.float32), rng.integers(0, 10, 50).astype(np.uint8)
    added = Sums()
    for part in (slice(0, 32), slice(32, 50)):
        added += Sums.from_logits(labels[part], logits[part])
    whole = Sums.from_logits(labels, logits)
    assert (added.correct, added.images) == (whole.correct, whole.images)
    assert added.mean_loss == pytest.approx(whole.mean_loss)


def test_a_run_that_diverged_shows_it_and_goes_on():
    sums = Sums.from_logits(np.array([0, 1], np.uint8), np.full((2, 10), np.nan, np.float32))
    assert math.isnan(sums.loss)


@pytest.mark.parametrize("padded", [True, False])
def test_what_only_fills_a_call_up_does_not_count(padded):
    plan, indices = Plan(4, 3, padded=padded), np.arange(100, 110, dtype=np.int32)  # two batches of four and one of two
    found = []
    for batches, sizes, _, count in Call(indices).padded_batches(plan):
        answers = np.repeat(batches[:, None], 10, axis=1)  # of each image its own index is said
        found += list(drop_padding(answers, sizes, int(count))[:, 0])
    assert found == list(indices)
