"""A snapshot: all that a run needs to go on after an epoch exactly as if it had never stopped."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from core.training.models import get_weights, set_weights


@dataclass
class TrainingState:
    """All that a run needs to go on after `epoch` (1-based) exactly as if it had never stopped.

    `weights` are the model's, by Keras' path. `state` is the optimiser's, dropout's and the callbacks'. `history`
    holds a value an epoch: loss, accuracy, val_loss, val_accuracy, learning_rate, seconds.
    """

    epoch: int
    weights: dict[str, np.ndarray]
    state: dict[str, np.ndarray]
    history: dict[str, list[float]] = field(default_factory=dict)


# What Keras' helpers know of the epochs behind them.
_CALLBACK_ATTRIBUTES = ("best", "wait", "best_epoch", "stopped_epoch", "cooldown_counter")


def capture_state(
    epoch: int, model: keras.Model, callbacks: Sequence[Any], history: Mapping[str, list[float]]
) -> TrainingState:
    """What `model` and its callbacks are after `epoch`."""
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
    """Makes `model` and its callbacks what they were when `kept` was made."""
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


def _other_variables(model: keras.Model) -> Iterator[tuple[str, Any]]:
    """The variables beside the weights that decide how training goes on: the random numbers' and the optimiser's.

    Keras numbers random states and variables without a name of their own through the whole process, so here these are
    named by their place.
    """
    known = {id(variable) for variable in (*model.weights, *model.metrics_variables)}
    random = (variable for variable in model.variables if id(variable) not in known)
    yield from ((f"random/{place}", variable) for place, variable in enumerate(random))
    for place, variable in enumerate(model.optimizer.variables):
        named = variable.path.startswith("optimizer/")
        yield (variable.path if named else f"optimizer/variable_{place}"), variable
