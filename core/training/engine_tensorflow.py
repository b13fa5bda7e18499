"""The engine on TensorFlow: one `tf.function` runs many batches of images in device memory."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from core.devices.computing import on_gpu
from core.digits import NUM_CLASSES, SIDE, Digits
from core.training.batching import VALIDATION_BATCH, Call, Plan, Sums, drop_padding
from core.training.compact_model import compact_pixels
from core.training.compiled_steps import CompiledSteps
from core.training.models import has_convolutions
from core.training.placement import on_device
from core.training.train_step import logit_columns, logit_gradients, logits


class TensorFlow:
    """Trains a model on one device. The images stay there; a call receives only their indices."""

    def __init__(self, model: keras.Sequential, train: Digits, plan: Plan) -> None:
        self.model, self.plan = model, plan
        self.device = model.trainable_variables[0].value.device
        with on_device(self.device):
            self._prepare(train, plan)

    def _prepare(self, train: Digits, plan: Plan) -> None:
        model = self.model
        pixels = compact_pixels(model, None if plan.augment else train.images)
        self.program = Program.for_model(model, pixels, scheduled=plan.scheduled)
        self.compact = self.program.compact
        self.train, self.labels = train, tf.constant(train.labels)
        self.images = self.program.cached_device_images(
            train.images, while_copying=lambda: self.program.trace(len(train), plan)
        )

    def put(self, images: np.ndarray) -> None:
        """Sets the training images: uint8 (n, 28, 28)."""
        with on_device(self.device):
            self.images = self.program.device_images(images)

    def run(self, call: Call) -> Sums:
        """Trains the batches of one call."""
        if self.compact:
            self.compact.copy_from_model()
        with on_device(self.device):
            return self._run(call)

    def _run(self, call: Call) -> Sums:
        all_logits = []
        for batches, sizes, rates, count in call.padded_batches(self.plan):
            if len(batches) == self.plan.batches_per_call and batches.shape[1] == self.plan.batch_size:
                arguments = map(tf.constant, (batches, sizes, rates, count))
                outputs = self.program.train_steps(self.images, self.labels, *arguments)
            else:  # a separate short batch: milliseconds without compiling, half a second with it
                batch = tf.constant(batches[0])
                outputs = self.program.train_step(self.images, self.labels, batch, float(sizes[0]), rates[0])[None]
            all_logits.append(drop_padding(outputs, sizes, count))
        return self.sums(call, np.concatenate(all_logits))

    def sums(self, call: Call, logits: np.ndarray) -> Sums:
        """The sums of a call, from the logits of its images, float32 (n, 10)."""
        return Sums.from_logits(self.train.labels[call.indices], logits)

    def evaluate(self, digits: Digits) -> Sums:
        """Loss and accuracy on all of `digits`, without compiling: it would not make such large products faster."""
        self.sync()
        sums = Sums()
        for start in range(0, len(digits), VALIDATION_BATCH):
            part = digits[start : start + VALIDATION_BATCH]
            with on_device(self.device):
                outputs = logits(self.model, tf.constant(part.images))
            sums += Sums.from_logits(part.labels, outputs)
        return sums

    def placeholder_batches(self, batches: int) -> Any:
        """Data of the right length, for Keras to count batches. An array would need a pipeline in each epoch, 30 ms."""
        return tf.data.Dataset.range(batches)

    def train_function(self, train: Callable[[], Sums]) -> Any:
        """The train function for Keras' `fit`."""
        return lambda iterator: self._update_metrics(train())

    def test_function(self, digits: Digits) -> Any:
        """The test function for Keras' `evaluate`."""
        return lambda iterator: self._update_metrics(self.evaluate(digits))

    def sync(self) -> None:
        """Copies the trained weights of the compact model into the model."""
        if self.compact:
            self.compact.copy_to_model()

    def copy_weights(self) -> list[np.ndarray]:
        """A copy of the current weights, those of the compact model if they are newer."""
        if self.compact:
            return self.compact.copy_weights()
        return [np.array(weight) for weight in self.model.weights]

    def full_weights(self, copied: list[np.ndarray]) -> list[np.ndarray]:
        """Copied weights in the model's shapes."""
        return self.compact.full_weights(copied) if self.compact else copied

    def end(self) -> None:
        """After `fit`, also after an error: from now on the model's own weights are valid."""
        self.sync()

    def _update_metrics(self, sums: Sums) -> dict[str, float]:
        """Writes sums into Keras' own metrics and returns their means."""
        for variable, value in zip(self.model.metrics_variables, sums.as_metrics(), strict=True):
            tf.raw_ops.AssignVariableOp(resource=variable.value.handle, value=float(value))  # half the time of `assign`
        return sums.as_logs()


class Program(CompiledSteps):
    """One `tf.function` for many steps, and one step for a short batch."""

    def __init__(self, model: keras.Sequential, pixels: np.ndarray | None, *, scheduled: bool) -> None:
        super().__init__(model, pixels, scheduled=scheduled)
        self.full = model
        self.weights = [variable.value for variable in self.model.trainable_variables]
        self.train_steps = tf.function(self._train_steps, jit_compile=should_compile(model), autograph=False)

    @staticmethod
    def put(images: np.ndarray) -> Any:
        """An array on the device."""
        return tf.constant(images)

    def put_owned(self, images: np.ndarray) -> Any:
        """An array that the caller no longer uses, without a copy."""
        return tf.experimental.dlpack.from_dlpack(images.__dlpack__())

    def trace(self, images: int, plan: Plan) -> None:
        """Traces the steps for a run with this number of images."""
        pixels = self.compact.pixels.shape if self.compact else (SIDE, SIDE)
        rows = (plan.batches_per_call,)
        shapes = [
            ((images, *pixels), tf.uint8),
            ((images,), tf.uint8),
            ((*rows, plan.batch_size), tf.int32),
            (rows, tf.float32),
            (rows, tf.float32),
            ((), tf.int32),
        ]
        self.train_steps.get_concrete_function(*(tf.TensorSpec(*each) for each in shapes))

    def train_step(self, images: Any, labels: Any, batch: Any, size: Any, rate: Any) -> Any:
        """One step, exactly Keras' `train_step`; returns the logits, (10, n)."""
        optimizer = self.model.optimizer
        if self.scheduled:
            optimizer.learning_rate.assign(rate)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self.weights)
            logits = logit_columns(self.model, tf.gather(images, batch), optimizer.iterations)
        output_gradients = logit_gradients(tf.gather(labels, batch), logits, size)
        optimizer.apply(tape.gradient(logits, self.weights, output_gradients), self.model.trainable_variables)
        return logits

    def _train_steps(self, images: Any, labels: Any, batches: Any, sizes: Any, rates: Any, count: Any) -> Any:
        """Trains the first `count` rows of `batches`. Loss and accuracy are computed outside, which saves
        kernels to compile."""

        def batch(position: Any, all_logits: Any) -> tuple[Any, Any]:
            logits = self.train_step(images, labels, batches[position], sizes[position], rates[position])
            return position + 1, all_logits.write(position, logits)

        rows, size = batches.shape
        all_logits = tf.TensorArray(tf.float32, rows, element_shape=(NUM_CLASSES, size))
        _, all_logits = tf.while_loop(lambda position, *_: position < count, batch, (0, all_logits))
        return all_logits.stack()


def should_compile(model: keras.Sequential) -> bool:
    """Whether XLA compiles the loop: on a GPU always, on a CPU unless the network has convolutions.

    On two CPU cores a step of conv32x3-pool2-dense64 took 125 ms with XLA and 6 ms without, because TensorFlow's
    convolutions use oneDNN. A dense network is faster with XLA: the recipes need about half the time of the graph.
    """
    return not has_convolutions(model) or on_gpu()
