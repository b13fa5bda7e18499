"""The fast path of `model.fit`: images stay in device memory as uint8, and one call trains many batches.

Keras' own `fit` is still the loop: it counts batches, calls callbacks, keeps the history and validates. Only the train
function and the test function of the model are replaced.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import keras
import numpy as np

from core.digits import Digits
from core.training.batching import Call, LoopOptions, Plan, StartPoint, Sums, shuffled_order
from core.training.call_size import choose_batches_per_call
from core.training.placement import stay_on_cpu


class Loop:
    """One training of one model by `fit` on the fast path."""

    def __init__(self, model: keras.Sequential, train: Digits, validation: Digits | None, options: LoopOptions) -> None:
        self.model, self.train, self.validation = model, train, validation
        self.batch_size = min(options.batch_size, len(train))
        self.batches = math.ceil(len(train) / self.batch_size)
        per_call = options.batches_per_call or choose_batches_per_call(model, self.batch_size, self.batches)
        self.batches_per_call = min(per_call, self.batches)
        self.shuffled_order = options.custom_order or (lambda epoch: shuffled_order(options.seed, epoch, len(train)))
        self.augment, self.rates = options.augment, options.rates
        self.step = self.epoch = self.position = self.trained_images = 0
        self._watched_steps: Sequence[int] = ()
        self._on_watched: Callable[[int, Sums], None] = lambda step, sums: None
        self.epoch_sums = Sums()  # of the batches of this epoch so far
        self._recent_sums = Sums()
        self._first_epoch = 0, Sums()  # batches that were trained before, and their sums
        with stay_on_cpu():
            _build_metrics(model)
        self.backend = _backend()(model, train, _plan(self))
        self.pack = options.pack
        self._run_call = partial(self.pack.run, self.backend) if self.pack else self.backend.run

    def fit(
        self,
        epochs: int,
        callbacks: Sequence[Any] = (),
        *,
        live: keras.callbacks.Callback | None = None,
        start: StartPoint | None = None,
        verbose: Any = 0,
    ) -> Any:
        """Trains up to `epochs` in all, from `start` on, and returns Keras' history.

        `callbacks` see the current variables in the model. `live` is called last; it sees them at the end of an epoch,
        and calls `sync` itself when it needs them in the middle of one.
        """
        model, start = self.model, start or StartPoint()
        sync_variables = _SyncVariables(self, every_call=any(map(_has_batch_hooks, callbacks)))
        self.step = start.epoch * self.batches + start.batch
        self._first_epoch = start.batch, replace(start.sums)  # a copy, because the epoch adds to it
        original_functions = model.train_function, model.test_function, model.steps_per_execution
        model.train_function = self.backend.train_function(self._next_call)
        model.test_function = self.backend.test_function(self.validation)
        model.steps_per_execution = self.batches_per_call
        try:
            with stay_on_cpu():  # the backend has a device of its own
                return model.fit(
                    self.backend.placeholder_batches(self.batches),  # Keras only counts; the engine chooses the images
                    shuffle=False,
                    epochs=epochs,
                    initial_epoch=start.epoch,
                    callbacks=[sync_variables, *callbacks, *filter(None, [live])],
                    validation_data=self.backend.placeholder_batches(1) if self.validation else None,
                    verbose=verbose,
                )
        finally:
            model.train_function, model.test_function, model.steps_per_execution = original_functions
            self.backend.end()
            if self.pack:
                self.pack.leave()

    def watch(self, steps: Sequence[int], on_step: Callable[[int, Sums], None]) -> None:
        """Has `on_step` called after each of `steps`, sorted, with the sums of the epoch so far.

        A call that would pass such a step is divided; the training is the same to the last bit.
        """
        self._watched_steps, self._on_watched = steps, on_step

    def copy_weights(self) -> list[np.ndarray]:
        """The current weights in the backend's shapes; `full_weights` converts them to Keras' shapes."""
        return self.backend.copy_weights()

    def full_weights(self, copied: list[np.ndarray]) -> list[np.ndarray]:
        """Copied weights in the order and shapes of Keras' `Model.get_weights()`. Any thread may ask."""
        return self.backend.full_weights(copied)

    def pop_sums(self) -> Sums:
        """The sums since the last call of this."""
        recent, self._recent_sums = self._recent_sums, Sums()
        return recent

    def evaluate(self, digits: Digits) -> Sums:
        """Loss and accuracy of the model as it is, on all of `digits`."""
        return self.backend.evaluate(digits)

    def sync(self) -> None:
        """Copies the current weights into the model, if the backend keeps them elsewhere."""
        self.backend.sync()

    def begin_epoch(self, epoch: int) -> None:
        """Prepares an epoch (0-based): its order, and its images if each epoch has its own."""
        self.epoch = epoch
        self.position, self.epoch_sums = self._first_epoch
        self._first_epoch = 0, Sums()
        # Keras calls this for a whole epoch: calls for batches that were trained before the stop do nothing.
        self._calls_to_skip = self.position // self.batches_per_call
        self.indices = self.shuffled_order(epoch)
        if self.augment:
            self.backend.put(self.augment(epoch))

    def _next_call(self) -> Any:
        """Trains the next call's batches; returns the sums of the epoch so far."""
        if self._calls_to_skip:
            self._calls_to_skip -= 1
            return self.epoch_sums
        # Calls end at multiples of `batches_per_call`, also in an epoch that is continued in the middle.
        call_end = min((self.position // self.batches_per_call + 1) * self.batches_per_call, self.batches)
        for count in self._parts(call_end - self.position):
            end = self.position + count
            call_indices = self.indices[self.position * self.batch_size : end * self.batch_size]
            rates = None if self.rates is None else self.rates[self.step : self.step + count]
            sums = self._run_call(Call(call_indices, rates))
            self.step, self.position, self.trained_images = self.step + count, end, self.trained_images + sums.images
            self._recent_sums += sums
            self.epoch_sums += sums
            if self._is_watched(self.step):
                self._on_watched(self.step, self.epoch_sums)
        return self.epoch_sums

    def _parts(self, count: int) -> Iterator[int]:
        """The next `count` batches, in parts that end at the watched steps among them."""
        first = bisect_right(self._watched_steps, self.step)
        last = bisect_right(self._watched_steps, self.step + count)
        edges = [self.step, *self._watched_steps[first:last], self.step + count]
        yield from (after - before for before, after in pairwise(edges) if after > before)

    def _is_watched(self, step: int) -> bool:
        return step in self._watched_steps[bisect_right(self._watched_steps, step - 1) :][:1]


class _SyncVariables(keras.callbacks.Callback):  # type: ignore[misc]
    """The first of all callbacks: it updates the model's variables before the others read them."""

    def __init__(self, loop: Loop, *, every_call: bool) -> None:
        super().__init__()
        self.loop, self.every_call = loop, every_call

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.loop.begin_epoch(epoch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.every_call:
            self.loop.sync()

    def on_test_begin(self, logs: Any = None) -> None:
        self.loop.sync()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.loop.sync()


def _has_batch_hooks(callback: keras.callbacks.Callback) -> bool:
    """Whether a callback has a batch hook of its own (a method, or a function given to `LambdaCallback`)."""
    hooks = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")
    plain = keras.callbacks.Callback
    return any(getattr(getattr(callback, hook), "__func__", None) is not getattr(plain, hook) for hook in hooks)


def _plan(loop: Loop) -> Plan:
    padded = not any(isinstance(layer, keras.layers.BatchNormalization) for layer in loop.model.layers)
    whole_batches = padded or len(loop.train) % loop.batch_size == 0
    return Plan(
        loop.batch_size,
        loop.batches_per_call,
        scheduled=loop.rates is not None,
        augment=loop.augment is not None,
        padded=padded,
        even=loop.batches % loop.batches_per_call == 0 and whole_batches,
    )


def _build_metrics(model: keras.Sequential) -> None:
    """Builds Keras' metrics and loss, which otherwise happens at the first labels: `fit` would run a batch for that."""
    labels = np.zeros((1,) if model.loss.startswith("sparse") else (1, 10), np.float32)
    predictions = np.full((1, 10), 0.1, np.float32)
    if keras.backend.backend() != "jax":
        model.compute_metrics(None, labels, predictions)
    else:
        import jax

        def build(labels: Any, predictions: Any) -> None:
            model.compute_metrics(None, labels, predictions)
            model.compute_loss(y=labels, y_pred=predictions)

        with keras.StatelessScope():  # never computed: they would compile thirty small programs
            jax.eval_shape(build, labels, predictions)
    model.reset_metrics()


def _backend() -> Any:
    match keras.backend.backend():
        case "tensorflow":
            from core.training.engine_tensorflow import TensorFlow

            return TensorFlow
        case "jax":
            from core.training.engine_jax import Jax

            return Jax
    raise NotImplementedError(f"There is no fast path for Keras' {keras.backend.backend()} backend.")
