"""The engine on JAX: one jitted loop runs many batches of images in device memory."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import keras
import numpy as np
from jax import numpy as jnp

from core.devices.computing import on_gpu
from core.digits import NUM_CLASSES, Digits
from core.training.batching import VALIDATION_BATCH, BatchArrays, Call, Plan, Sums, drop_padding
from core.training.compact_model import compact_pixels
from core.training.compiled_steps import CompiledSteps
from core.training.models import has_convolutions
from core.training.train_step import logit_columns, logit_gradients, logits

State = tuple[Any, Any, Any]  # values of the trainable, the non-trainable and the optimiser's variables


class Jax:
    """Trains a model on one device. The images stay there; a call receives only their indices.

    While `fit` runs, Keras' JAX trainer keeps the values of all variables outside the model and passes them to the
    train function; here they are `state` during a call.
    """

    def __init__(self, model: keras.Sequential, train: Digits, plan: Plan) -> None:
        self.model, self.plan = model, plan
        pixels = compact_pixels(model, None if plan.augment else train.images)
        self.program = Program.for_model(model, pixels, scheduled=plan.scheduled)
        self.compact = self.program.compact
        self.train, self.labels = train, jax.device_put(train.labels)
        self.images = self.program.cached_device_images(train.images)
        self.state: State = ([], [], [])
        self._cached_digits: Digits | None = None
        self._parts: list[tuple[np.ndarray, Any]] = []

    def put(self, images: np.ndarray) -> None:
        """Sets the training images: uint8 (n, 28, 28)."""
        self.images = self.program.device_images(images)

    def run(self, call: Call) -> Sums:
        """Trains the batches of one call."""
        all_logits = []
        for arrays in call.padded_batches(self.plan):
            even = self.plan.even and int(arrays.real) == self.plan.batches_per_call
            self.state, outputs = self.program.train_steps(self.state, self.images, self.labels, arrays, even=even)
            all_logits.append(drop_padding(outputs, arrays.sizes, arrays.real))
        return self.sums(call, np.concatenate(all_logits))

    def sums(self, call: Call, logits: np.ndarray) -> Sums:
        """The sums of a call, from the logits of its images, float32 (n, 10)."""
        return Sums.from_logits(self.train.labels[call.indices], logits)

    def evaluate(self, digits: Digits) -> Sums:
        """Loss and accuracy on all of `digits`."""
        return self._evaluate(digits, *self._variable_values())

    def placeholder_batches(self, batches: int) -> Any:
        """Data of the right length, for Keras to count batches."""
        return _PlaceholderBatches(batches)

    def train_function(self, train: Callable[[], Sums]) -> Any:
        """The train function for Keras' `fit`."""

        def function(state: Any, iterator: Any) -> tuple[dict[str, float], Any]:
            trainable, other, optimizer, _ = state
            self.state = (trainable, other, optimizer)
            sums = train()
            return sums.as_logs(), (*self.state, _metrics(sums))

        return function

    def test_function(self, digits: Digits) -> Any:
        """The test function for Keras' `evaluate`."""

        def function(state: Any, iterator: Any) -> tuple[dict[str, float], Any]:
            trainable, other, _ = state
            sums = self._evaluate(digits, trainable, other)
            return sums.as_logs(), (trainable, other, _metrics(sums))

        return function

    def sync(self) -> None:
        """Writes the current values into the model's variables, in the middle of `fit`."""
        self.model.jax_state_sync()

    def copy_weights(self) -> list[np.ndarray]:
        """A copy of the current weights, which are in `state` while `fit` runs."""
        trainable, other, _ = self.state
        if not trainable:
            return [np.array(weight) for weight in self.model.weights]
        values = dict(self._ids(self.model.trainable_variables, trainable))
        values |= self._ids(self.model.non_trainable_variables, other)
        return [np.array(values[id(weight)]) for weight in self.model.weights]

    def full_weights(self, copied: list[np.ndarray]) -> list[np.ndarray]:
        """Copied weights in the model's shapes, which they already have here."""
        return copied

    @staticmethod
    def _ids(variables: Any, values: Any) -> dict[int, Any]:
        return {id(variable): value for variable, value in zip(variables, values, strict=True)}

    def end(self) -> None:
        """After `fit`: Keras itself has written the values into the model."""

    def _variable_values(self) -> tuple[Any, Any]:
        model = self.model
        return [v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables]

    def _evaluate(self, digits: Digits, trainable: Any, other: Any) -> Sums:
        sums = Sums()
        if self._cached_digits is not digits:  # equal for all epochs: these images stay on the device too
            self._cached_digits, self._parts = digits, list(_parts(digits))
        for labels, images in self._parts:
            outputs = np.asarray(self.program.predict_logits(trainable, other, images))
            sums += Sums.from_logits(labels, outputs[: len(labels)])
        return sums


class Program(CompiledSteps):
    """One jitted loop for many steps, and the network's logits."""

    def __init__(self, model: keras.Sequential, pixels: np.ndarray | None, *, scheduled: bool) -> None:
        super().__init__(model, pixels, scheduled=scheduled)
        self.full = model
        positions = {id(variable): position for position, variable in enumerate(self.model.optimizer.variables)}
        self.step = positions[id(self.model.optimizer.iterations)]
        self.rate = positions[id(self.model.optimizer.learning_rate)]
        options = compiler_options(model)
        self.train_steps = jax.jit(self.steps, donate_argnums=0, static_argnames="even", compiler_options=options)
        self.predict_logits = jax.jit(self._predict_logits, compiler_options=options)

    @staticmethod
    def put(images: np.ndarray) -> Any:
        """An array on the device."""
        return jax.device_put(images)

    def steps(self, full: State, images: Any, labels: Any, arrays: BatchArrays, *, even: bool) -> tuple[State, Any]:
        """Trains the real rows of `arrays`, all of them if `even`: then a GPU needs no counter.

        Loss and accuracy are computed outside.
        """
        batches, sizes, rates, count = arrays

        def batch(position: Any, carry: tuple[State, Any]) -> tuple[State, Any]:
            state, all_logits = carry
            if self.scheduled:
                state[2][self.rate] = rates[position]
            state, logits = self._train_step(
                state, images[batches[position]], labels[batches[position]], sizes[position]
            )
            return state, all_logits.at[position].set(logits)

        rows = len(batches) if even else count
        initial = self._to_compact(full), jnp.zeros((len(batches), NUM_CLASSES, batches.shape[1]))
        trained, all_logits = jax.lax.fori_loop(0, rows, batch, initial)
        return self._to_full(full, trained), all_logits

    def _train_step(self, state: State, images: Any, labels: Any, size: Any) -> tuple[State, Any]:
        """One step, exactly Keras' `train_step`: the new state and the logits, (10, n)."""
        trainable, other, optimizer = state
        forward = partial(self._logit_columns, images, optimizer[self.step], other)
        logits, backward, other = jax.vjp(forward, trainable, has_aux=True)
        (gradients,) = backward(logit_gradients(labels, logits, size))
        trainable, optimizer = self.model.optimizer.stateless_apply(optimizer, gradients, trainable)
        return (trainable, other, optimizer), logits

    def _logit_columns(self, images: Any, step: Any, other: Any, trainable: Any) -> Any:
        with keras.StatelessScope(_variable_mapping(self.model, trainable, other)) as scope:
            logits = logit_columns(self.model, images, step)
        return logits, [scope.get_current_value(variable) for variable in self.model.non_trainable_variables]

    def _predict_logits(self, trainable: Any, other: Any, images: Any) -> Any:
        with keras.StatelessScope(_variable_mapping(self.full, trainable, other)):
            return logits(self.full, images)

    def _to_compact(self, full: State) -> State:
        if not self.compact:
            return full
        return _map_variables(self.compact.to_compact, full, _variables(self.compact.network))

    def _to_full(self, full: State, trained: State) -> State:
        return _map_variables(self.compact.to_full, full, trained) if self.compact else trained


def _parts(digits: Digits) -> Iterator[tuple[np.ndarray, Any]]:
    """Labels, and images on the device, in batches of one size, so that one compiled program is enough."""
    for start in range(0, len(digits), VALIDATION_BATCH):
        part = digits[start : start + VALIDATION_BATCH]
        images = np.zeros((VALIDATION_BATCH, *part.images.shape[1:]), np.uint8)
        images[: len(part)] = part.images
        yield part.labels, jax.device_put(images)


def compiler_options(model: keras.Sequential) -> dict[str, Any] | None:
    """Options for XLA. On a GPU it would try several kernels for each product, one second for a new network.

    At these shapes all kernels are equally fast (33 µs for a step of `chollet` on an H200); convolutions need it.
    """
    return {"xla_gpu_autotune_level": 0} if on_gpu() and not has_convolutions(model) else None


def _variables(model: keras.Sequential) -> State:
    return model.trainable_variables, model.non_trainable_variables, model.optimizer.variables


def _map_variables(convert: Callable[[Any, Any], Any], full: State, compact: State) -> State:
    one, two, three = (list(map(convert, *pair)) for pair in zip(full, compact, strict=True))
    return one, two, three


def _variable_mapping(model: keras.Sequential, trainable: Any, other: Any) -> list[tuple[Any, Any]]:
    pairs = zip(model.trainable_variables, trainable, strict=True)
    return [*pairs, *zip(model.non_trainable_variables, other, strict=True)]


class _PlaceholderBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Empty batches: as many as are trained."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.batches = batches

    def __len__(self) -> int:
        return self.batches

    def __getitem__(self, index: int) -> tuple[np.ndarray]:
        return (np.zeros(1),)


def _metrics(sums: Sums) -> list[Any]:
    return [jax.device_put(np.float32(value)) for value in sums.as_metrics()]
