"""The engine on TensorFlow: one `tf.function` runs many batches over images that lie on the device."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from core.batches import Plan, Sums
from core.digits import Digits
from core.steps import logits, losses, right

VALIDATED_AT_ONCE = 2048  # images: large products, and yet no more memory than a small GPU has


class TensorFlow:
    """Trains a model on one device. The images of the run stay there; a call is told only which ones to take."""

    def __init__(self, model: keras.Sequential, train: Digits, plan: Plan) -> None:
        self.model, self.plan = model, plan
        self.images, self.labels = tf.constant(train.images), tf.constant(train.labels)
        self.many = tf.function(self._many, jit_compile=compiled(model), autograph=False)
        self.weights = [variable.value for variable in model.trainable_variables]

    def put(self, images: np.ndarray) -> None:
        """Trains on these images from now on: uint8 (n, 28, 28)."""
        self.images = tf.constant(images)

    def run(self, indices: np.ndarray, rates: np.ndarray | None) -> Sums:
        """Trains on `indices`, batch after batch; only the last may be short. `rates`: one a batch, or as it is."""
        size, calls = self.plan.batch_size, self.plan.batches_a_call
        whole = len(indices) // size
        sums = Sums(images=len(indices))
        if whole:
            batches = np.zeros((calls, size), np.int32)
            batches[:whole] = indices[: whole * size].reshape(whole, size)
            each = np.zeros(calls, np.float32)
            each[:whole] = 0 if rates is None else rates[:whole]
            sums.add(*self.many(self.images, tf.constant(batches), tf.constant(each), tf.constant(whole)))
        if len(indices) > whole * size:
            # The short batch of an epoch runs op by op: that takes milliseconds, compiling its shape would take half a
            # second.
            sums.add(
                *self._one(self.images, tf.constant(indices[whole * size :]), None if rates is None else rates[-1])
            )
        return sums

    def evaluate(self, digits: Digits) -> Sums:
        """Loss and accuracy on all of `digits`, op by op: products this large need no compiling."""
        sums = Sums(images=len(digits))
        for start in range(0, len(digits), VALIDATED_AT_ONCE):
            part = digits[start : start + VALIDATED_AT_ONCE]
            labels = tf.constant(part.labels)
            answers = logits(self.model, tf.constant(part.images), 0, training=False)
            sums.add(losses(self.model, labels, answers), right(labels, answers))
        return sums

    def train_function(self, train: Callable[[], Sums]) -> Any:
        """What Keras' `fit` calls instead of its own step: trains a call's batches and returns the epoch's figures."""
        return lambda iterator: self._shown(train())

    test_function = train_function

    def sync(self) -> None:
        """Nothing to do: TensorFlow trains the model's own variables."""

    def _shown(self, sums: Sums) -> dict[str, float]:
        """Writes an epoch's sums into Keras' own metrics, and gives their means."""
        for variable, value in zip(self.model.metrics_variables, sums.as_metrics(), strict=True):
            variable.assign(value)
        return {"loss": sums.mean_loss, "accuracy": sums.accuracy}

    def _many(self, images: Any, batches: Any, rates: Any, count: Any) -> tuple[Any, Any]:
        """Trains the first `count` rows of `batches`. Sums are kept for each place in a batch: adding those up is quick
        outside, and would be kernels to compile here."""
        scheduled = self.plan.scheduled

        def batch(place: Any, loss: Any, correct: Any) -> tuple[Any, Any, Any]:
            more, hits = self._one(images, batches[place], rates[place] if scheduled else None)
            return place + 1, loss + more, correct + hits

        size = batches.shape[1]
        start = (0, tf.zeros(size), tf.zeros(size, tf.int32))
        _, loss, correct = tf.while_loop(lambda place, *_: place < count, batch, start)
        return loss, correct

    def _one(self, images: Any, batch: Any, rate: Any) -> tuple[Any, Any]:
        """One step, exactly Keras' `train_step`: returns the loss of each image and whether it was answered rightly."""
        optimizer = self.model.optimizer
        if rate is not None:
            optimizer.learning_rate.assign(rate)
        labels = tf.gather(self.labels, batch)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self.weights)
            answers = logits(self.model, tf.gather(images, batch), optimizer.iterations, training=True)
            loss = losses(self.model, labels, answers)
            mean = tf.reduce_mean(loss)
        optimizer.apply(tape.gradient(mean, self.weights), self.model.trainable_variables)
        return loss, right(labels, answers)


def compiled(model: keras.Sequential) -> bool:
    """Whether XLA compiles the loop: on a GPU always, on a CPU unless the network has convolutions.

    On two CPU cores a step of conv32x3-pool2-dense64 took 125 ms with XLA and 6 ms without, where TensorFlow's own
    convolutions are oneDNN's. A dense network is quicker with it: for the recipes about half the time of the graph.
    """
    convolves = any(isinstance(layer, keras.layers.Conv2D | keras.layers.MaxPooling2D) for layer in model.layers)
    return not convolves or bool(tf.config.list_logical_devices("GPU"))
