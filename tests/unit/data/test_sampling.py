"""The images of a run, and the steps of the lesson, each computed in a second way."""

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.data.sampling import add_label_noise, select_images, stratified_sample


def test_held_out_trains_on_the_first_nine_tenths(tiny_mnist):
    training, validation = select_images(RunConfig(), tiny_mnist)
    assert training is tiny_mnist.train
    assert validation is tiny_mnist.validation


def test_test_and_none_train_on_all(tiny_mnist):
    training, validation = select_images(RunConfig(validate_on="test"), tiny_mnist)
    assert len(training) == 1200
    assert validation is tiny_mnist.test
    training, validation = select_images(RunConfig(validate_on="none"), tiny_mnist)
    assert len(training) == 1200
    assert validation is None


def test_a_subset_is_even_and_of_the_seed(tiny_mnist):
    training, _ = select_images(RunConfig(train_images=200), tiny_mnist)
    again, _ = select_images(RunConfig(train_images=200), tiny_mnist)
    other, _ = select_images(RunConfig(train_images=200, seed=2), tiny_mnist)
    assert training.counts.tolist() == [20] * 10
    assert np.array_equal(training.images, again.images)
    assert not np.array_equal(training.images, other.images)


def test_asking_for_more_than_there_is_gives_all(tiny_mnist):
    assert len(select_images(RunConfig(train_images=50_000), tiny_mnist)[0]) == 1000


@pytest.mark.parametrize("n", [1, 7, 10, 23, 999, 1000])
def test_evenly_differs_by_one_at_most_and_keeps_the_order(tiny_mnist, rng, n):
    labels = np.arange(1000) % 10
    chosen = stratified_sample(labels, n, rng)
    counts = np.bincount(labels[chosen], minlength=10)
    assert len(set(chosen.tolist())) == n
    assert counts.max() - counts.min() <= 1
    assert np.array_equal(chosen, np.sort(chosen))


def test_a_missing_digit_leaves_its_share_to_the_others(rng):
    labels = np.array([1] * 50 + [7] * 3, np.uint8)
    assert np.bincount(labels[stratified_sample(labels, 20, rng)], minlength=10)[[1, 7]].tolist() == [17, 3]


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_wrong_labels_are_exactly_that_share_and_spread(rng, share):
    labels = np.tile(np.arange(10, dtype=np.uint8), 900)
    noisy = add_label_noise(labels, share, rng)
    assert (noisy != labels).sum() == round(share * 9000)
    assert noisy.dtype == np.uint8
    steps = (noisy[noisy != labels].astype(int) - labels[noisy != labels]) % 10
    counts = np.bincount(steps, minlength=10)
    assert counts[0] == 0
    assert counts[1:].min() > 0.6 * counts[1:].mean()


def test_validation_labels_stay_right_and_the_data_untouched(tiny_mnist):
    before = tiny_mnist.train.labels.copy()
    training, validation = select_images(RunConfig(wrong_labels=0.5), tiny_mnist)
    assert (training.labels != before).sum() == 500
    assert np.array_equal(validation.labels, tiny_mnist.validation.labels)
    assert np.array_equal(tiny_mnist.train.labels, before)


def test_the_wrong_labels_do_not_choose_the_images(tiny_mnist):
    clean, _ = select_images(RunConfig(train_images=200), tiny_mnist)
    noisy, _ = select_images(RunConfig(train_images=200, wrong_labels=0.3), tiny_mnist)
    assert np.array_equal(clean.images, noisy.images)
