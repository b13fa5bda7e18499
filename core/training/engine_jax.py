"""The engine on JAX: one jitted loop runs many batches over images that lie on the device."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import keras
import numpy as np
from jax import numpy as jnp

from core.devices import on_gpu
from core.digits import CLASSES, Digits
from core.training.batching import VALIDATED_AT_ONCE, Call, Plan, Sums, meant
from core.training.compact_model import pixels_for
from core.training.compiled_steps import Traced
from core.training.models import convolves
from core.training.train_step import columns, logits, slopes

State = tuple[Any, Any, Any]  # values of the trainable, the other and the optimiser's variables


class Jax:
    """Trains a model on one device. The images of the run stay there; a call is told only which ones to take.

    While `fit` runs, Keras' JAX trainer keeps the values of all variables outside the model and hands them to the train
    function; here they are `state` for the length of a call.
    """

    def __init__(self, model: keras.Sequential, train: Digits, plan: Plan) -> None:
        self.model, self.plan = model, plan
        pixels = pixels_for(model, None if plan.refreshed else train.images)
        self.program = Program.of(model, pixels, scheduled=plan.scheduled)
        self.twin = self.program.twin
        self.train, self.labels = train, jax.device_put(train.labels)
        self.images = self.program.held(train.images)
        self.state: State = ([], [], [])
        self._asked: Digits | None = None
        self._parts: list[tuple[np.ndarray, Any]] = []

    def put(self, images: np.ndarray) -> None:
        """Trains on these images from now on: uint8 (n, 28, 28)."""
        self.images = self.program.shown(images)

    def run(self, call: Call) -> Sums:
        """Trains the batches of one call."""
        said = []
        for batches, sizes, rates, count in call.parts(self.plan):
            arrays = self.images, self.labels, batches, sizes, rates, count
            self.state, answers = self.program.many(self.state, *arrays, even=self.plan.even)
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

    def end(self) -> None:
        """`fit` is over: Keras itself gave the model its variables back."""

    def _values(self) -> tuple[Any, Any]:
        model = self.model
        return [v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables]

    def _evaluated(self, digits: Digits, trainable: Any, other: Any) -> Sums:
        sums = Sums()
        if self._asked is not digits:  # the same after each epoch: its images stay on the device too
            self._asked, self._parts = digits, list(_parts(digits))
        for labels, images in self._parts:
            answers = np.asarray(self.program.answered(trainable, other, images))
            sums += Sums.of(labels, answers[: len(labels)])
        return sums


class Program(Traced):
    """One jitted loop for many steps, and the network's answers."""

    def __init__(self, model: keras.Sequential, pixels: np.ndarray | None, *, scheduled: bool) -> None:
        super().__init__(model, pixels, scheduled=scheduled)
        self.whole = model
        places = {id(variable): place for place, variable in enumerate(self.model.optimizer.variables)}
        self.step = places[id(self.model.optimizer.iterations)]
        self.rate = places[id(self.model.optimizer.learning_rate)]
        options = _options(model)
        self.many = jax.jit(self._many, donate_argnums=0, static_argnames="even", compiler_options=options)
        self.answered = jax.jit(self._answered, compiler_options=options)

    @staticmethod
    def put(images: np.ndarray) -> Any:
        """An array on the device."""
        return jax.device_put(images)

    def _many(
        self, whole: State, images: Any, labels: Any, batches: Any, sizes: Any, rates: Any, count: Any, *, even: bool
    ) -> tuple[State, Any]:
        """Trains the first `count` rows of `batches`, all of them if `even`: a GPU need not look at a counter then.

        What the answers come to is reckoned outside.
        """

        def batch(place: Any, carried: tuple[State, Any]) -> tuple[State, Any]:
            state, said = carried
            if self.scheduled:
                state[2][self.rate] = rates[place]
            state, logits = self._one(state, images[batches[place]], labels[batches[place]], sizes[place])
            return state, said.at[place].set(logits)

        rows = len(batches) if even else count
        begun = self._of_twin(whole), jnp.zeros((len(batches), CLASSES, batches.shape[1]))
        trained, said = jax.lax.fori_loop(0, rows, batch, begun)
        return self._of_model(whole, trained), said

    def _one(self, state: State, images: Any, labels: Any, size: Any) -> tuple[State, Any]:
        """One step, exactly Keras' `train_step`: the new state, and the logits that it was taken from, (10, n)."""
        trainable, other, optimizer = state
        before = partial(self._columns, images, optimizer[self.step], other)
        logits, down, other = jax.vjp(before, trainable, has_aux=True)
        (gradients,) = down(slopes(labels, logits, size))
        trainable, optimizer = self.model.optimizer.stateless_apply(optimizer, gradients, trainable)
        return (trainable, other, optimizer), logits

    def _columns(self, images: Any, step: Any, other: Any, trainable: Any) -> Any:
        with keras.StatelessScope(_mapping(self.model, trainable, other)) as scope:
            logits = columns(self.model, images, step)
        return logits, [scope.get_current_value(variable) for variable in self.model.non_trainable_variables]

    def _answered(self, trainable: Any, other: Any, images: Any) -> Any:
        with keras.StatelessScope(_mapping(self.whole, trainable, other)):
            return logits(self.whole, images)

    def _of_twin(self, whole: State) -> State:
        if not self.twin:
            return whole
        return _each(self.twin.part, whole, _variables(self.twin.network))

    def _of_model(self, whole: State, trained: State) -> State:
        return _each(self.twin.back, whole, trained) if self.twin else trained


def _parts(digits: Digits) -> Iterator[tuple[np.ndarray, Any]]:
    """Labels, and images on the device, always as many at once, so that one program answers them."""
    for start in range(0, len(digits), VALIDATED_AT_ONCE):
        part = digits[start : start + VALIDATED_AT_ONCE]
        images = np.zeros((VALIDATED_AT_ONCE, *part.images.shape[1:]), np.uint8)
        images[: len(part)] = part.images
        yield part.labels, jax.device_put(images)


def _options(model: keras.Sequential) -> dict[str, Any] | None:
    """What XLA is told. On a GPU it would try several kernels for each product, a second for a network not seen before.

    At these shapes they are equally fast (a step of `chollet` took 33 µs either way on an H200); convolutions need it.
    """
    return {"xla_gpu_autotune_level": 0} if on_gpu() and not convolves(model) else None


def _variables(model: keras.Sequential) -> State:
    return model.trainable_variables, model.non_trainable_variables, model.optimizer.variables


def _each(of: Callable[[Any, Any], Any], whole: State, narrow: State) -> State:
    one, two, three = (list(map(of, *pair)) for pair in zip(whole, narrow, strict=True))
    return one, two, three


def _mapping(model: keras.Sequential, trainable: Any, other: Any) -> list[tuple[Any, Any]]:
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
    return [jax.device_put(np.float32(value)) for value in sums.as_metrics()]
