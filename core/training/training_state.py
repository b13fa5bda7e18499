"""A snapshot: all that a run needs to go on after an epoch exactly as if it had never stopped."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from core.training.models import give_weights, weights_of


@dataclass
class Snapshot:
    """All that a run needs to go on after `epoch` (1-based) exactly as if it had never stopped.

    `weights` are the model's, by Keras' path. `state` is the optimiser's, dropout's and the callbacks'. `history`
    holds a value an epoch: loss, accuracy, val_loss, val_accuracy, learning_rate, seconds.
    """

    epoch: int
    weights: dict[str, np.ndarray]
    state: dict[str, np.ndarray]
    history: dict[str, list[float]] = field(default_factory=dict)


# What Keras' helpers know of the epochs behind them.
_REMEMBERED = ("best", "wait", "best_epoch", "stopped_epoch", "cooldown_counter")


def snapshot(epoch: int, model: keras.Model, helpers: Sequence[Any], history: Mapping[str, list[float]]) -> Snapshot:
    """What `model` and its callbacks are after `epoch`."""
    state = {name: np.array(variable) for name, variable in _unseen(model)}
    for helper in helpers:
        name = type(helper).__name__
        for fact in _REMEMBERED:
            if isinstance(value := getattr(helper, fact, None), (int, float)):
                state[f"{name}/{fact}"] = np.array(value)
        for position, weight in enumerate(getattr(helper, "best_weights", None) or ()):
            state[f"{name}/best_weights/{position}"] = np.array(weight)
    return Snapshot(epoch, weights_of(model), state, {name: list(values) for name, values in history.items()})


def restore(kept: Snapshot, model: keras.Model, helpers: Sequence[Any]) -> None:
    """Makes `model` and its callbacks what they were when `kept` was made."""
    give_weights(model, kept.weights)
    for name, variable in _unseen(model):
        variable.assign(kept.state[name])
    for helper in helpers:
        name = type(helper).__name__
        for fact in _REMEMBERED:
            if f"{name}/{fact}" in kept.state:
                setattr(helper, fact, kept.state[f"{name}/{fact}"].item())
        if f"{name}/best_weights/0" in kept.state:
            helper.best_weights = [kept.state[f"{name}/best_weights/{n}"] for n in range(len(model.weights))]


def _unseen(model: keras.Model) -> Iterator[tuple[str, Any]]:
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
