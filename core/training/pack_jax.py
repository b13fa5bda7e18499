"""The steps of a pack on JAX: `vmap` gives the steps of one run a new first axis."""

from functools import partial
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp

from core.training.batching import BatchArrays, Call, drop_padding
from core.training.engine_jax import State, compiler_options
from core.training.pack import PackedSteps


class PackedJax(PackedSteps):
    """The states of all runs are stacked at the beginning of a call, and taken apart at its end."""

    def __init__(self, backends: dict[int, Any]) -> None:
        super().__init__(backends)
        first = self.backends[0]
        self.program = first.program
        same_images = all(np.array_equal(first.train.images, each.train.images) for each in self.backends[1:])
        self.images = first.images if same_images else jnp.stack([each.images for each in self.backends])
        self.labels = jnp.stack([each.labels for each in self.backends])
        steps = partial(self._train_steps, images_axis=None if same_images else 0)
        self.train_steps = jax.jit(steps, static_argnames="even", compiler_options=compiler_options(self.program.full))

    def _train(self, calls: list[Call], present: np.ndarray) -> list[np.ndarray]:
        states, all_logits = [backend.state for backend in self.backends], []
        for parts in zip(*(call.padded_batches(self.plan) for call in calls), strict=True):
            batches, (_, sizes, rates, real) = np.stack([part.batches for part in parts]), parts[0]
            even = self.plan.even and int(real) == self.plan.batches_per_call
            states, logits = self.train_steps(
                states, self.images, self.labels, BatchArrays(batches, sizes, rates, real), even=even
            )
            all_logits.append([drop_padding(each, sizes, real) for each in np.asarray(logits)])
        for backend, state, is_present in zip(self.backends, states, present, strict=True):
            if is_present:
                backend.state = state
        return [np.concatenate(each) for each in zip(*all_logits, strict=True)]

    def _train_steps(
        self, states: list[State], images: Any, labels: Any, arrays: BatchArrays, *, even: bool, images_axis: int | None
    ) -> tuple[list[State], Any]:
        stacked = jax.tree.map(lambda *values: jnp.stack(values), *states)
        axes = BatchArrays(0, None, None, None)  # type: ignore[arg-type]
        steps = jax.vmap(partial(self.program.steps, even=even), in_axes=(0, images_axis, 0, axes))
        trained, logits = steps(stacked, images, labels, arrays)
        return [jax.tree.map(lambda values: values[place], trained) for place in range(len(states))], logits  # noqa: B023
