"""What a run is fed, and the steps of the lesson, each against a second road to the same number."""

import math

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.data import sampling
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


def test_flatten_puts_row_after_row(tiny_mnist):
    images = tiny_mnist.train.images[:3]
    flat = sampling.flatten(images)
    assert flat.shape == (3, 784)
    assert flat[1, 28 * 10 + 9] == images[1, 10, 9]


def test_normalise_ends_at_one():
    values = sampling.normalise(np.array([0, 51, 255], np.uint8))
    assert values.dtype == np.float32
    assert values.tolist() == [0.0, pytest.approx(0.2), 1.0]


def test_one_hot_has_one_one():
    rows = sampling.one_hot(np.array([7, 0], np.uint8))
    assert rows.tolist() == [[0, 0, 0, 0, 0, 0, 0, 1, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]]


def test_sixty_thousand_images_in_batches_of_128_are_469_steps():
    cuts = list(sampling.batches(60_000, 128))
    assert len(cuts) == sampling.steps_per_epoch(60_000, 128) == 469
    assert cuts[-1] == slice(59_904, 60_000)


def test_softmax_is_the_hand_worked_one():
    powers = [math.exp(2), math.exp(1), math.exp(0.1)]
    assert sampling.softmax(np.array([2, 1, 0.1])) == pytest.approx([power / sum(powers) for power in powers])
    assert sampling.softmax(np.array([[1000.0, 0.0]])).tolist() == [[1.0, 0.0]]


def test_both_forms_of_cross_entropy_are_equal(rng):
    probabilities = sampling.softmax(rng.normal(size=(20, 10)))
    labels = rng.integers(0, 10, 20)
    sparse = sampling.sparse_cross_entropy(labels, probabilities)
    assert sampling.cross_entropy(sampling.one_hot(labels), probabilities) == pytest.approx(sparse)
    assert sparse[0] == pytest.approx(-math.log(probabilities[0, labels[0]]))


def test_softmax_twice_leaves_every_bar_between_8_and_23_percent():
    sure = sampling.softmax(sampling.one_hot(np.array([4])))
    assert sure.max() == pytest.approx(math.e / (math.e + 9))
    assert sure.min() == pytest.approx(1 / (math.e + 9))
    assert (round(100 * sure.min()), round(100 * sure.max())) == (9, 23)
