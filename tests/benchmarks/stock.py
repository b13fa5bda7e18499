"""The five recipes in stock Keras, each written as its source writes it: what the engine is compared with."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

from core.data.mnist import Mnist


class Stock(NamedTuple):
    """A recipe ready to train: `fit`, which takes other arguments of Keras' own too, and the test set as it sees it."""

    model: keras.Model
    fit: Callable[..., Any]
    test: tuple[Any, Any]

    def test_accuracy(self) -> float:
        return self.model.evaluate(*self.test, verbose=0)[1]


def dli(data: Mnist) -> Stock:
    """NVIDIA DLI: float64 rows, one-hot labels, the test set as validation."""
    x_train, x_valid = data.training.images.reshape(60_000, 784) / 255, data.test.images.reshape(10_000, 784) / 255
    y_train = keras.utils.to_categorical(data.training.labels, 10)
    y_valid = keras.utils.to_categorical(data.test.labels, 10)
    model = keras.Sequential()
    model.add(keras.Input((784,)))
    model.add(layers.Dense(units=512, activation="relu"))
    model.add(layers.Dense(units=512, activation="relu"))
    model.add(layers.Dense(units=10, activation="softmax"))
    model.compile(loss="categorical_crossentropy", metrics=["accuracy"])
    fit = partial(model.fit, x_train, y_train, epochs=5, verbose=0, validation_data=(x_valid, y_valid))
    return Stock(model, fit, (x_valid, y_valid))


def chollet(data: Mnist) -> Stock:
    """Deep Learning with Python, chapter 2: float32 rows, one-hot labels."""
    train_images = data.training.images.reshape((60_000, 28 * 28)).astype("float32") / 255
    test_images = data.test.images.reshape((10_000, 28 * 28)).astype("float32") / 255
    train_labels = keras.utils.to_categorical(data.training.labels)
    test_labels = keras.utils.to_categorical(data.test.labels)
    network = keras.Sequential(
        [keras.Input((28 * 28,)), layers.Dense(512, activation="relu"), layers.Dense(10, activation="softmax")]
    )
    network.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    fit = partial(network.fit, train_images, train_labels, epochs=5, batch_size=128, verbose=0)
    return Stock(network, fit, (test_images, test_labels))


def quickstart(data: Mnist) -> Stock:
    """TensorFlow 2 quickstart: float64 images, labels as numbers, dropout."""
    return _adam(data, [layers.Dense(128, activation="relu"), layers.Dropout(0.2)], epochs=5)


def ten_epochs(data: Mnist) -> Stock:
    """Basic classification: float64 images, labels as numbers, ten epochs."""
    return _adam(data, [layers.Dense(128, activation="relu")], epochs=10)


def _adam(data: Mnist, hidden: list[layers.Layer], epochs: int) -> Stock:
    x_train, x_test = data.training.images / 255.0, data.test.images / 255.0
    y_train, y_test = data.training.labels, data.test.labels
    assert x_train.dtype == np.float64
    model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), *hidden, layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return Stock(model, partial(model.fit, x_train, y_train, epochs=epochs, verbose=0), (x_test, y_test))


STOCK: dict[str, Callable[[Mnist], Stock]] = {
    "dli": dli,
    "first-steps": dli,
    "chollet": chollet,
    "quickstart": quickstart,
    "ten-epochs": ten_epochs,
}
