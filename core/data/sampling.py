"""Chooses the training and validation images of a run: how many, and with how many wrong labels."""

import numpy as np

from core.config.run_config import HELD_OUT, NO_VALIDATION, TEST_SET, RunConfig
from core.data.mnist import Mnist
from core.digits import NUM_CLASSES, Digits


def select_images(config: RunConfig, mnist: Mnist) -> tuple[Digits, Digits | None]:
    """The training and validation images for the knobs of `config`; no validation images if `validate_on` is none.

    Fewer `train_images` are drawn equally from the ten digits and keep their official order; `wrong_labels` changes
    training labels only. The seed determines both.
    """
    training = mnist.train if config.holds_out else mnist.training
    validation = {HELD_OUT: mnist.validation, TEST_SET: mnist.test, NO_VALIDATION: None}[config.validate_on]
    if 0 < config.train_images < len(training):
        training = training[
            stratified_sample(training.labels, config.train_images, np.random.default_rng([config.seed, 1]))
        ]
    if config.wrong_labels:
        labels = add_label_noise(training.labels, config.wrong_labels, np.random.default_rng([config.seed, 2]))
        training = Digits(training.images, labels)
    return training, validation


def stratified_sample(labels: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` positions in `labels`, sorted, with numbers of each digit as equal as possible: int64 (n,)."""
    shuffled = rng.permutation(len(labels))
    by_digit = shuffled[np.argsort(labels[shuffled], kind="stable")]
    counts = np.bincount(labels, minlength=NUM_CLASSES)
    rank = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)  # 0 for the first of each digit, …
    # The first of every digit, then the second of every digit …; the order within a round is random.
    order = np.lexsort((rng.random(len(labels)), rank))
    return np.sort(by_digit[order[:n]])


def add_label_noise(labels: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """A copy of `labels` in which a random `share` is another digit; the nine others are equally likely."""
    wrong = rng.choice(len(labels), round(share * len(labels)), replace=False)
    noisy = labels.copy()
    noisy[wrong] = (labels[wrong] + rng.integers(1, NUM_CLASSES, len(wrong))) % NUM_CLASSES
    return noisy
