"""The fast path of `model.fit`: the images lie on the device, and one call trains many batches.

Keras' own `fit` stays the loop: it counts the batches, calls the callbacks, keeps the history and validates. It
asks the model for a train function and a test function, and gets those of the engine instead of its own.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import keras
import numpy as np

from core.batches import Sums, order
from core.digits import Digits

CALL_SECONDS = 0.05  # one call of the engine, and so the grain of the live chart


class Backend(Protocol):
    """What a backend brings: the many-batches call of `fit`, the one-call validation, and the images' place."""

    def put(self, images: np.ndarray) -> None: ...
    def train_function(self) -> Any: ...
    def test_function(self) -> Any: ...
    def evaluate(self, digits: Digits) -> Sums: ...
    def sync(self) -> None: ...


class Loop:
    """One training of one model by `fit` on the fast path.

    `take` sums up what was trained since it was last asked. `refreshed`, if given, makes the images of an epoch
    (0-based) anew, uint8 (n, 28, 28). `rates`, if given, is the learning rate of each step of the run.
    """

    def __init__(
        self,
        model: keras.Model,
        train: Digits,
        validation: Digits | None,
        *,
        batch_size: int,
        seed: int,
        refreshed: Callable[[int], np.ndarray] | None = None,
        rates: np.ndarray | None = None,
        batches_a_call: int | None = None,
        given_order: Callable[[int], np.ndarray] | None = None,
    ) -> None:
        self.model, self.train, self.validation = model, train, validation
        self.batch_size = min(batch_size, len(train))
        self.batches = math.ceil(len(train) / self.batch_size)
        self.batches_a_call = min(batches_a_call or 50, self.batches)
        self.order = given_order or (lambda epoch: order(seed, epoch, len(train)))
        self.refreshed, self.rates = refreshed, rates
        self.epoch = self.step = self.position = self.trained_images = 0
        self._since = Sums()
        self.backend = _backend(self)

    def fit(self, epochs: int, callbacks: Sequence[Any] = (), *, initial_epoch: int = 0, verbose: Any = 0) -> Any:
        """Trains up to `epochs` in all, from `initial_epoch` on; returns Keras' history."""
        model, validated = self.model, self.validation is not None and len(self.validation) > 0
        self.step = initial_epoch * self.batches
        kept = model.train_function, model.test_function, model.steps_per_execution
        model.train_function, model.test_function = self.backend.train_function(), self.backend.test_function()
        model.steps_per_execution = self.batches_a_call
        try:
            return model.fit(
                np.arange(self.batches),  # Keras counts the batches; what is in them, the engine knows
                batch_size=1,
                shuffle=False,
                epochs=epochs,
                initial_epoch=initial_epoch,
                callbacks=[_EpochBegins(self), *callbacks],
                validation_data=(np.zeros(1),) if validated else None,
                verbose=verbose,
            )
        finally:
            model.train_function, model.test_function, model.steps_per_execution = kept

    def begin(self, epoch: int) -> None:
        self.epoch, self.position = epoch, 0
        self.indices = self.order(epoch)
        if self.refreshed:
            self.backend.put(self.refreshed(epoch))

    def next_batches(self) -> tuple[np.ndarray, np.ndarray | None]:
        """The indices of the next call, batch after batch, and the learning rate of each batch."""
        end = min(self.position + self.batches_a_call, self.batches)
        chosen = self.indices[self.position * self.batch_size : end * self.batch_size]
        rates = None if self.rates is None else self.rates[self.step : self.step + end - self.position]
        self.step += end - self.position
        self.position = end
        return chosen, rates

    def report(self, sums: Sums) -> None:
        self._since += sums
        self.trained_images += sums.images

    def evaluate(self, digits: Digits) -> Sums:
        """Loss and accuracy of the model as it is, on all of `digits`."""
        return self.backend.evaluate(digits)

    def sync(self) -> None:
        """Makes the model's own variables hold what was trained so far, where the backend keeps them elsewhere."""
        self.backend.sync()

    def take(self) -> Sums:
        """What was trained since this was last asked."""
        taken, self._since = self._since, Sums()
        return taken


class _EpochBegins(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self.loop = loop

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.loop.begin(epoch)


def _backend(loop: Loop) -> Backend:
    match keras.backend.backend():
        case "tensorflow":
            from core.engine_tensorflow import TensorFlow

            return TensorFlow(loop)
        case "jax":
            from core.engine_jax import Jax

            return Jax(loop)
    raise NotImplementedError(f"No fast path for Keras' {keras.backend.backend()} backend.")
