"""Reads the state of a training from a model and its callbacks, and restores it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from core.config.run_config import RunConfig
from core.runs.checkpoints import TrainingState
from core.training.models import build, get_weights, set_weights

# What Keras' callbacks remember of earlier epochs.
_CALLBACK_ATTRIBUTES = ("best", "wait", "best_epoch", "stopped_epoch", "cooldown_counter")


def capture_state(
    epoch: int, model: keras.Model, callbacks: Sequence[Any], history: Mapping[str, list[float]]
) -> TrainingState:
    """The state of `model` and its callbacks after `epoch` completed epochs."""
    state = {name: np.array(variable) for name, variable in _other_variables(model)}
    for callback in callbacks:
        name = type(callback).__name__
        for attribute in _CALLBACK_ATTRIBUTES:
            if isinstance(value := getattr(callback, attribute, None), (int, float)):
                state[f"{name}/{attribute}"] = np.array(value)
        for position, weight in enumerate(getattr(callback, "best_weights", None) or ()):
            state[f"{name}/best_weights/{position}"] = np.array(weight)
    return TrainingState(epoch, get_weights(model), state, {name: list(values) for name, values in history.items()})


def restore_state(saved: TrainingState, model: keras.Model, callbacks: Sequence[Any]) -> None:
    """Restores `model` and its callbacks to the state `saved`."""
    set_weights(model, saved.weights)
    for name, variable in _other_variables(model):
        variable.assign(saved.state[name])
    for callback in callbacks:
        name = type(callback).__name__
        for attribute in _CALLBACK_ATTRIBUTES:
            if f"{name}/{attribute}" in saved.state:
                setattr(callback, attribute, saved.state[f"{name}/{attribute}"].item())
        if f"{name}/best_weights/0" in saved.state:
            callback.best_weights = [saved.state[f"{name}/best_weights/{n}"] for n in range(len(model.weights))]


def reseed(model: keras.Sequential, config: RunConfig) -> None:
    """Makes `model` what `build(config)` makes. It was built for a config that differs only in its seed.

    Its compiled steps stay with it: they do not depend on the seed.
    """
    fresh = build(config)
    restore_state(capture_state(0, fresh, [], {}), model, [])
    for layer, other in zip(model.layers, fresh.layers, strict=True):  # a saved network names its seeds
        for attribute in ("seed", "kernel_initializer"):
            if hasattr(other, attribute):
                setattr(layer, attribute, getattr(other, attribute))


def _other_variables(model: keras.Model) -> Iterator[tuple[str, Any]]:
    """The variables beside the weights that training depends on: random states and the optimiser's variables.

    Keras numbers random states and unnamed variables across the whole process, so here their names come from their
    position.
    """
    known = {id(variable) for variable in (*model.weights, *model.metrics_variables)}
    random = (variable for variable in model.variables if id(variable) not in known)
    yield from ((f"random/{place}", variable) for place, variable in enumerate(random))
    for place, variable in enumerate(model.optimizer.variables):
        named = variable.path.startswith("optimizer/")
        yield (variable.path if named else f"optimizer/variable_{place}"), variable
