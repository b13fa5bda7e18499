"""The engine on JAX: one jitted loop runs many batches over images that lie on the device."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import keras
import numpy as np
from jax import numpy as jnp

from core.batches import VALIDATED_AT_ONCE, Call, Plan, Sums, meant
from core.digits import CLASSES, Digits
from core.steps import logits, losses, present

State = tuple[Any, Any, Any]  # values of the trainable, the other and the optimiser's variables


class Jax:
    """Trains a model on one device. The images of the run stay there; a call is told only which ones to take.

    While `fit` runs, Keras' JAX trainer keeps the values of all variables outside the model and hands them to the train
    function; here they are `state` for the length of a call.
    """

    def __init__(self, model: keras.Sequential, train: Digits, plan: Plan) -> None:
        self.model, self.train, self.plan = model, train, plan
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
        said = []
        for batches, sizes, rates, count in call.parts(self.plan):
            self.state, answers = self.many(self.state, self.images, self.labels, batches, sizes, rates, count)
            said.append(meant(answers, sizes, count))
        return Sums.of(self.train.labels[call.indices], np.concatenate(said))

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
    ) -> tuple[State, Any]:
        """Trains the first `count` rows of `batches`; what the answers come to is reckoned outside."""

        def batch(place: Any, carried: tuple[State, Any]) -> tuple[State, Any]:
            state, said = carried
            if self.plan.scheduled:
                state[2][self.rate] = rates[place]
            state, answers = self._one(state, images[batches[place]], labels[batches[place]], sizes[place])
            return state, said.at[place].set(answers)

        return jax.lax.fori_loop(0, count, batch, (state, jnp.zeros((*batches.shape, CLASSES))))

    def _one(self, state: State, images: Any, labels: Any, size: Any) -> tuple[State, Any]:
        """One step, exactly Keras' `train_step`: the new state, and the logits that the step was taken from."""
        trainable, other, optimizer = state
        graded = jax.grad(partial(self._mean_loss, images, labels, size, optimizer[self.step], other), has_aux=True)
        gradients, (answers, other) = graded(trainable)
        trainable, optimizer = self.model.optimizer.stateless_apply(optimizer, gradients, trainable)
        return (trainable, other, optimizer), answers

    def _mean_loss(self, images: Any, labels: Any, size: Any, step: Any, other: Any, trainable: Any) -> Any:
        with keras.StatelessScope(self._mapping(trainable, other)) as scope:
            answers = logits(self.model, images, step, training=True)
            loss = present(losses(self.model, labels, answers), size)
        other = [scope.get_current_value(variable) for variable in self.model.non_trainable_variables]
        return loss.sum() / size, (answers, other)

    def _answered(self, trainable: Any, other: Any, images: Any) -> Any:
        with keras.StatelessScope(self._mapping(trainable, other)):
            return logits(self.model, images, 0, training=False)

    def _evaluated(self, digits: Digits, trainable: Any, other: Any) -> Sums:
        sums = Sums()
        for start in range(0, len(digits), VALIDATED_AT_ONCE):
            part = digits[start : start + VALIDATED_AT_ONCE]
            sums += Sums.of(part.labels, self.answered(trainable, other, part.images))
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
