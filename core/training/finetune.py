"""Trains a copy of a network on one visitor's digits, mixed with old ones so that it does not forget them."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from core.data.mnist import Mnist
from core.digits import Digits
from core.drawing.personal_digits import FinetuneResult
from core.errors import DrawingError
from core.evaluation import seal
from core.evaluation.evaluations import TEST, VALIDATION
from core.network.numpy_network import Reader
from core.runs.store import Run
from core.training import graph_model

REPLAY_DIGITS = 1500  # training digits that are mixed in
OWN_SHARE = 0.3  # of all training images that are the visitor's own, by repetition
EPOCHS, BATCH, LEARNING_RATE = 4, 64, 3e-4
HOLD_OUT_EVERY = 4  # every fourth own digit is held out from training, if there are enough of them
MIN_TO_HOLD_OUT = 8
TEST_DIGITS = 3000  # of other people's images that measure what was forgotten; all 10,000 take a convolution too long


@dataclass(frozen=True, eq=False)
class FinetuneDigits:
    """The digits of one fine-tuning.

    own: the visitor's. replay: training images that are mixed in. others: other people's digits, from the split
    `split`, on which the network is measured before and after.
    """

    own: Digits
    replay: Digits
    others: Digits
    split: str = TEST


def choose_test_digits(run: Run, data: Mnist) -> tuple[str, Digits]:
    """The split that measures what a copy of `run` has forgotten, and the images used of it.

    The test set; validation images if the test set is sealed for the run.
    """
    split = VALIDATION if seal.sealed(run) else TEST
    return split, data.split(split)[:TEST_DIGITS]


def train_copy(
    network: Reader, digits: FinetuneDigits, *, seed: int = 1, progress: Callable[[float], None] = lambda share: None
) -> tuple[keras.Model, FinetuneResult]:
    """A Keras copy of `network` trained on the visitor's own digits. `progress` receives shares from 0 to 1.

    Raises `DrawingError` if there is nothing to train on.
    """
    own_digits, other_digits = digits.own, digits.others
    if not len(own_digits):
        raise DrawingError("There are no digits to train on. Draw some, label them and save them first.")
    start_time = time.perf_counter()
    training_digits, test_digits, held_back = _split_digits(own_digits)
    before = _accuracy(network, test_digits), _accuracy(network, other_digits)
    newest = own_digits[-1:]
    newest_before = _predict(network, newest)
    copy = graph_model.of_reader(network)
    images, labels = _mix_with_replay(training_digits, digits.replay, seed)
    _train(copy, images, labels, seed, progress)
    tuned_network = network.with_weights(graph_model.weights_of(copy, network))
    after = _accuracy(tuned_network, test_digits), _accuracy(tuned_network, other_digits)
    seconds = time.perf_counter() - start_time
    shares = (before[0], after[0]), (before[1], after[1])
    changed = int(newest.labels[0]), newest_before, _predict(tuned_network, newest)
    return copy, FinetuneResult(
        shares[0], len(test_digits), held_back, shares[1], digits.split, len(other_digits), seconds, newest=changed
    )


def _split_digits(own_digits: Digits) -> tuple[Digits, Digits, bool]:
    """Digits to train on, digits to measure on, and whether the two are separate.

    The newest digit is trained on and reported on its own, so the others are measured without it.
    """
    if len(own_digits) < MIN_TO_HOLD_OUT:
        return own_digits, own_digits[:-1] if len(own_digits) > 1 else own_digits, False
    is_held_out = np.arange(len(own_digits)) % HOLD_OUT_EVERY == HOLD_OUT_EVERY - 1
    is_held_out[-1] = False
    return own_digits[~is_held_out], own_digits[is_held_out], True


def _mix_with_replay(own_digits: Digits, replay: Digits, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The visitor's digits, repeated as often as needed, among old ones: uint8 (n, 28, 28), int32 (n,)."""
    rng = np.random.default_rng(seed)
    old = replay[rng.choice(len(replay), min(REPLAY_DIGITS, len(replay)), replace=False)]
    own = own_digits[np.arange(round(len(old) * OWN_SHARE / (1 - OWN_SHARE))) % len(own_digits)]
    images, labels = np.concatenate([old.images, own.images]), np.concatenate([old.labels, own.labels])
    order = rng.permutation(len(labels))
    return images[order], labels[order].astype(np.int32)


def _train(
    model: keras.Model, images: np.ndarray, labels: np.ndarray, seed: int, progress: Callable[[float], None]
) -> None:
    # Batch normalisation keeps its statistics of all handwritings: these are too few images to replace them.
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(keras.optimizers.Adam(LEARNING_RATE), "sparse_categorical_crossentropy", jit_compile=False)
    done = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: progress((epoch + 1) / EPOCHS))
    keras.utils.set_random_seed(seed)
    model.fit(images, labels, batch_size=BATCH, epochs=EPOCHS, verbose=0, callbacks=[done])
    for layer in model.layers:
        layer.trainable = True


def _predict(network: Reader, digit: Digits) -> int:
    return int(network.probabilities(digit.images).argmax())


def _accuracy(network: Reader, digits: Digits) -> float:
    predicted = network.probabilities(digits.images).argmax(1)
    return float((predicted == digits.labels).mean())
