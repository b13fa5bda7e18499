"""The steps of a pack on TensorFlow: stacked weights, and one optimiser for them.

`vectorized_map` makes batched products of the networks' own. Keras' optimisers compute each number for itself, so one
of them updates the stacked weights as each network's own would.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from core.digits import NUM_CLASSES
from core.training import engine_tensorflow
from core.training.batching import BatchArrays, Call, drop_padding
from core.training.pack import PackedSteps
from core.training.placement import on_device
from core.training.train_step import logit_columns, logit_gradients


class PackedTensorFlow(PackedSteps):
    """All variables are stacked at the beginning of a call, and copied back at its end."""

    def __init__(self, backends: dict[int, Any]) -> None:
        super().__init__(backends)
        self.device = self.backends[0].device
        self.programs = [backend.program for backend in self.backends]
        self.network = self.programs[0].model
        with on_device(self.device):
            self._stack()

    def _stack(self) -> None:
        models, first = [program.model for program in self.programs], self.backends[0]
        same_images = all(np.array_equal(first.train.images, each.train.images) for each in self.backends[1:])
        self.images = first.images if same_images else tf.stack([each.images for each in self.backends])
        self.labels = tf.stack([each.labels for each in self.backends])
        self.has_own_images = not same_images
        trainable = list(zip(*(model.trainable_variables for model in models), strict=True))
        other = list(zip(*(model.non_trainable_variables for model in models), strict=True))
        self.weights, self.others = list(map(_stacked, trainable)), list(map(_stacked, other))
        self.optimizer = type(self.network.optimizer).from_config(self.network.optimizer.get_config())
        self.optimizer.build(self.weights)
        states = list(zip(*(model.optimizer.variables for model in models), strict=True))
        # A stacked variable and those of the networks; one for all where it counts steps, or is the learning rate.
        self.pairs = list(
            zip([*self.weights, *self.others, *self.optimizer.variables], [*trainable, *other, *states], strict=True)
        )
        compiles = engine_tensorflow.should_compile(self.programs[0].full)
        self.train_steps = tf.function(self._train_steps, jit_compile=compiles, autograph=False)

    def _train(self, calls: list[Call], present: np.ndarray) -> list[np.ndarray]:
        all_logits = []
        for backend, is_present in zip(self.backends, present, strict=True):
            if backend.compact and is_present:
                backend.compact.copy_from_model()
        with on_device(self.device):
            for parts in zip(*(call.padded_batches(self.plan) for call in calls), strict=True):
                batches, (_, sizes, rates, real) = np.stack([part.batches for part in parts], axis=1), parts[0]
                arrays = BatchArrays(*map(tf.constant, (batches, sizes, rates, real)))
                logits = self.train_steps(self.images, self.labels, arrays, tf.constant(present)).numpy()
                all_logits.append([drop_padding(logits[:, place], sizes, real) for place in range(len(calls))])
        return [np.concatenate(each) for each in zip(*all_logits, strict=True)]

    def _train_steps(self, images: Any, labels: Any, arrays: BatchArrays, present: Any) -> Any:
        """As the engine's own `_train_steps`, of all networks. The batches are int32 (steps, places, size)."""
        batches, sizes, rates, count = arrays
        one = tf.argmax(present)  # a network that still trains
        for stacked, own in self.pairs:
            values = tf.stack([each.value for each in own])
            stacked.assign(values if _is_stacked(stacked, own) else values[one])

        def batch(position: Any, all_logits: Any) -> tuple[Any, Any]:
            logits = self._train_step(images, labels, batches[position], sizes[position], rates[position])
            return position + 1, all_logits.write(position, logits)

        rows, places, size = batches.shape
        all_logits = tf.TensorArray(tf.float32, rows, element_shape=(places, NUM_CLASSES, size))
        _, all_logits = tf.while_loop(lambda position, *_: position < count, batch, (0, all_logits))
        for stacked, own in self.pairs:
            for place, each in enumerate(own):
                trained = stacked.value[place] if _is_stacked(stacked, own) else stacked.value
                each.assign(tf.where(present[place], trained, each.value))
        return all_logits.stack()

    def _train_step(self, images: Any, labels: Any, batch: Any, size: Any, rate: Any) -> Any:
        """One step of all networks: the logits, float32 (places, 10, size)."""
        if self.programs[0].scheduled:
            self.optimizer.learning_rate.assign(rate)
        seen = tf.gather(images, batch, batch_dims=1) if self.has_own_images else tf.gather(images, batch)
        weights = [weight.value.read_value() for weight in self.weights]
        others = [other.value.read_value() for other in self.others]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            logits, others = tf.vectorized_map(self._forward, (weights, others, seen))
        right = tf.gather(labels, batch, batch_dims=1)
        above = tf.vectorized_map(lambda pair: logit_gradients(pair[0], pair[1], size), (right, logits))
        self.optimizer.apply(tape.gradient(logits, weights, above), self.weights)
        for other, value in zip(self.others, others, strict=True):
            other.assign(value)
        return logits

    def _forward(self, arguments: Any) -> Any:
        """The logits of one network, and its other variables afterwards."""
        weights, others, images = arguments
        variables = self.network.non_trainable_variables
        mapping = [
            *zip(self.network.trainable_variables, weights, strict=True),
            *zip(variables, others, strict=True),
        ]
        with keras.StatelessScope(mapping) as scope:
            logits = logit_columns(self.network, images, self.optimizer.iterations)
        return logits, [scope.get_current_value(variable) for variable in variables]


def _stacked(own: Any) -> Any:
    return keras.Variable(tf.stack([each.value for each in own]), dtype=own[0].dtype)


def _is_stacked(stacked: Any, own: Any) -> bool:
    return len(stacked.shape) == len(own[0].shape) + 1
