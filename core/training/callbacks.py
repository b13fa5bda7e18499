"""Keras' own callbacks for the knobs of a run."""

from collections.abc import Iterable

import keras
from keras.callbacks import EarlyStopping

from core.config import schedules
from core.config.run_config import RunConfig


def build_callbacks(config: RunConfig) -> list[keras.callbacks.Callback]:
    """The callbacks for `patience` and for the schedule that follows validation."""
    found: list[keras.callbacks.Callback] = []
    if config.patience:
        found.append(EarlyStopping(patience=config.patience, restore_best_weights=True))
    if config.schedule == "plateau":
        found.append(keras.callbacks.ReduceLROnPlateau(factor=0.1, patience=schedules.PLATEAU_PATIENCE))
    return found


def best_epoch(callbacks: Iterable[keras.callbacks.Callback]) -> int | None:
    """The epoch (1-based) whose weights were the best, after a training with `patience`; else None."""
    return next((each.best_epoch + 1 for each in callbacks if isinstance(each, EarlyStopping)), None)
