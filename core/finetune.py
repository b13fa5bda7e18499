"""Teaching a copy of a network one person's hand, with old digits mixed in so that it does not forget the others'."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from core.digits import Digits
from core.errors import DrawingError
from core.events import FINISHED, RunEnded, Started
from core.models import build, give_weights, save, weights_of
from core.reader import Reader
from core.runs import Run, RunStore
from core.timeline import EventFile

REPLAY = 1500  # training digits that are shown again, beside one's own
SHARE = 0.3  # of each batch that is of one's own hand, by showing it again and again
EPOCHS, BATCH, RATE = 4, 64, 3e-4
HELD_BACK = 4  # every fourth of one's own digits is not trained on, where there are enough to tell
ENOUGH = 8


@dataclass(frozen=True)
class Gain:
    """Shares read right before and after."""

    mine: tuple[float, float]  # on `judged` digits of one's own
    judged: int
    held_back: bool  # whether those were kept out of training; else they are the very ones it was taught
    test: tuple[float, float]  # on the test set
    seconds: float


def teach(
    network: Reader,
    mine: Digits,
    replay: Digits,
    test: Digits,
    *,
    seed: int = 1,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[keras.Model, Gain]:
    """A Keras copy of `network` that was taught `mine`. `progress` hears shares from 0 to 1.

    Raises `DrawingError` where there is nothing to teach.
    """
    if not len(mine):
        raise DrawingError("There is no digit of your hand to teach. Draw some, and say what they are.")
    began = time.perf_counter()
    taught, judged, held_back = _divided(mine)
    before = _right(network, judged), _right(network, test)
    copy = build(network.config)
    give_weights(copy, network.weights)
    images, labels = _mixed(taught, replay, seed)
    _train(copy, images, labels, seed, progress)
    taught_network = Reader(network.config, weights_of(copy))
    after = _right(taught_network, judged), _right(taught_network, test)
    gain = Gain((before[0], after[0]), len(judged), held_back, (before[1], after[1]), time.perf_counter() - began)
    return copy, gain


def keep(store: RunStore, of: Run, model: keras.Model, gain: Gain, taught: int) -> Run:
    """The copy as a run of its own, which any page can ask; its note says what it was taught."""
    run = store.create(of.config, recipe=of.recipe, name=f"My hand · {of.title}"[:80])
    save(model, run.model_path)
    file = EventFile(run.events_path)
    now = time.time()
    file.append(Started(now, "beside the dashboard", model.count_params(), taught + REPLAY, 0, 0, EPOCHS))
    file.append(RunEnded(FINISHED, "", now, EPOCHS, fit_seconds=gain.seconds))
    file.close()
    note = (
        f"A copy of “{of.title}” that was taught {taught} digits of my hand: mine {gain.mine[0]:.0%} → "
        f"{gain.mine[1]:.0%}, test set {gain.test[0]:.1%} → {gain.test[1]:.1%}."
    )
    return store.update(run.id, note=note)


def _divided(mine: Digits) -> tuple[Digits, Digits, bool]:
    """What is taught, what is judged by, and whether the two are apart."""
    if len(mine) < ENOUGH:
        return mine, mine, False
    back = np.arange(len(mine)) % HELD_BACK == HELD_BACK - 1
    return mine[~back], mine[back], True


def _mixed(mine: Digits, replay: Digits, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """One's own digits, each as often as needed, among old ones: uint8 (n, 28, 28), int32 (n,)."""
    rng = np.random.default_rng(seed)
    old = replay[rng.choice(len(replay), min(REPLAY, len(replay)), replace=False)]
    own = mine[np.arange(round(len(old) * SHARE / (1 - SHARE))) % len(mine)]
    images, labels = np.concatenate([old.images, own.images]), np.concatenate([old.labels, own.labels])
    order = rng.permutation(len(labels))
    return images[order], labels[order].astype(np.int32)


def _train(
    model: keras.Model, images: np.ndarray, labels: np.ndarray, seed: int, progress: Callable[[float], None]
) -> None:
    # What normalises keeps what it knows of all hands; so few images would tell it wrong.
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(keras.optimizers.Adam(RATE), "sparse_categorical_crossentropy", jit_compile=False)
    done = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: progress((epoch + 1) / EPOCHS))
    keras.utils.set_random_seed(seed)
    model.fit(images, labels, batch_size=BATCH, epochs=EPOCHS, verbose=0, callbacks=[done])
    for layer in model.layers:
        layer.trainable = True


def _right(network: Reader, digits: Digits) -> float:
    predicted = network.probabilities(digits.images).argmax(1)
    return float((predicted == digits.labels).mean())
