"""The engine on JAX: one jitted loop runs many batches over images that lie on the device."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import keras
import numpy as np
from jax import numpy as jnp

from core.batches import VALIDATED_AT_ONCE, Call, Plan, Sums
from core.digits import Digits
from core.steps import logits, losses, present, right

State = tuple[Any, Any, Any]  # values of the trainable, the other and the optimiser's variables


class Jax:
    """Trains a model on one device. The images of the run stay there; a call is told only which ones to take.

    While `fit` runs, Keras' JAX trainer keeps the values of all variables outside the model and hands them to the train
    function; here they are `state` for the length of a call.
    """

    def __init__(self, model: keras.Sequential, train: Digits, plan: Plan) -> None:
        self.model, self.plan = model, plan
        self.images, self.labels = jnp.asarray(train.images), jnp.asarray(train.labels)
        self.many = jax.jit(self._many, donate_argnums=0)
        self.answered = jax.jit(self._answered)
        self.state: State = ([], [], [])
        places = {id(variable): place for place, variable in enumerate(model.optimizer.variables)}
        self.step = places[id(model.optimizer.iterations)]
        self.rate = places[id(model.optimizer.learning_rate)]

    def put(self, images: np.ndarray) -> None:
        """Trains on these images from now on: uint8 (n, 28, 28)."""
        self.images = jnp.asarray(images)

    def run(self, call: Call) -> Sums:
        """Trains the batches of one call."""
        sums = Sums(images=call.images)
        for part in call.parts(self.plan):
            self.state, loss, correct = self.many(self.state, self.images, self.labels, *part)
            sums.add(loss, correct)
        return sums

    def evaluate(self, digits: Digits) -> Sums:
        """Loss and accuracy on all of `digits`."""
        return self._evaluated(digits, *self._values())

    def counted(self, batches: int) -> Any:
        """What Keras counts the batches on."""
        return _Counted(batches)

    def train_function(self, train: Callable[[], Sums]) -> Any:
        """What Keras' `fit` calls instead of its own step."""

        def function(state: Any, iterator: Any) -> tuple[dict[str, float], Any]:
            trainable, other, optimizer, _ = state
            self.state = (trainable, other, optimizer)
            sums = train()
            return sums.as_logs(), (*self.state, _metrics(sums))

        return function

    def test_function(self, digits: Digits) -> Any:
        """What Keras' `evaluate` calls instead of its own step."""

        def function(state: Any, iterator: Any) -> tuple[dict[str, float], Any]:
            trainable, other, _ = state
            sums = self._evaluated(digits, trainable, other)
            return sums.as_logs(), (trainable, other, _metrics(sums))

        return function

    def sync(self) -> None:
        """Gives the model its variables' values back, in the middle of `fit`."""
        self.model.jax_state_sync()

    def _values(self) -> tuple[Any, Any]:
        model = self.model
        return [v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables]

    def _many(
        self, state: State, images: Any, labels: Any, batches: Any, sizes: Any, rates: Any, count: Any
    ) -> tuple[State, Any, Any]:
        """Trains the first `count` rows of `batches`; sums are kept for each place in a batch."""

        def batch(place: Any, carried: tuple[State, Any, Any]) -> tuple[State, Any, Any]:
            state, loss, correct = carried
            if self.plan.scheduled:
                state[2][self.rate] = rates[place]
            state, more, hits = self._one(state, images[batches[place]], labels[batches[place]], sizes[place])
            return state, loss + more, correct + hits

        size = batches.shape[1]
        return jax.lax.fori_loop(0, count, batch, (state, jnp.zeros(size), jnp.zeros(size, jnp.int32)))

    def _one(self, state: State, images: Any, labels: Any, size: Any) -> tuple[State, Any, Any]:
        """One step, exactly Keras' `train_step`: the new state, the loss of each image and whether it was right."""
        trainable, other, optimizer = state
        graded = jax.grad(partial(self._mean_loss, images, labels, size, optimizer[self.step], other), has_aux=True)
        gradients, (loss, hits, other) = graded(trainable)
        trainable, optimizer = self.model.optimizer.stateless_apply(optimizer, gradients, trainable)
        return (trainable, other, optimizer), loss, hits

    def _mean_loss(self, images: Any, labels: Any, size: Any, step: Any, other: Any, trainable: Any) -> Any:
        with keras.StatelessScope(self._mapping(trainable, other)) as scope:
            answers = logits(self.model, images, step, training=True)
            loss = present(losses(self.model, labels, answers), size)
        other = [scope.get_current_value(variable) for variable in self.model.non_trainable_variables]
        return loss.sum() / size, (loss, present(right(labels, answers), size), other)

    def _answered(self, trainable: Any, other: Any, images: Any, labels: Any) -> tuple[Any, Any]:
        with keras.StatelessScope(self._mapping(trainable, other)):
            answers = logits(self.model, images, 0, training=False)
            return losses(self.model, labels, answers), right(labels, answers)

    def _evaluated(self, digits: Digits, trainable: Any, other: Any) -> Sums:
        sums = Sums(images=len(digits))
        for start in range(0, len(digits), VALIDATED_AT_ONCE):
            part = digits[start : start + VALIDATED_AT_ONCE]
            sums.add(*self.answered(trainable, other, part.images, part.labels))
        return sums

    def _mapping(self, trainable: Any, other: Any) -> list[tuple[Any, Any]]:
        model = self.model
        pairs = zip(model.trainable_variables, trainable, strict=True)
        return [*pairs, *zip(model.non_trainable_variables, other, strict=True)]


class _Counted(keras.utils.PyDataset):  # type: ignore[misc]
    """As many empty batches as are trained."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.batches = batches

    def __len__(self) -> int:
        return self.batches

    def __getitem__(self, index: int) -> tuple[np.ndarray]:
        return (np.zeros(1),)


def _metrics(sums: Sums) -> list[Any]:
    return [jnp.asarray(value, jnp.float32) for value in sums.as_metrics()]
