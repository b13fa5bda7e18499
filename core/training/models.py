"""A config becomes a compiled Keras model, and a model a file. Saved models hold no class of this project's own."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from core.config.run_config import RunConfig
from core.errors import RunError
from core.network.architecture import LayerRow, shapes
from core.network.initial_weights import layer_seed

_OPTIMIZERS: dict[str, Callable[..., Any]] = {
    "adam": keras.optimizers.Adam,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
    "momentum": partial(keras.optimizers.SGD, momentum=0.9),
    "adamw": keras.optimizers.AdamW,
    "nadam": keras.optimizers.Nadam,
}
_LOSSES = {"sparse": "sparse_categorical_crossentropy", "one-hot": "categorical_crossentropy"}


def build(config: RunConfig) -> keras.Sequential:
    """A compiled model from uint8 (n, 28, 28) to float32 (n, 10), rows summing to 1; scaling is its first layer.

    Its weights follow from `config.seed` alone. Raises `NetworkError` if the layers do not fit on one another.
    """
    rows = shapes(config)
    model = keras.Sequential([keras.Input((28, 28), dtype="uint8", name="image")], name="digit_lab")
    for position, row in enumerate(rows):
        model.add(_layer(row, layer_seed(config.seed, position)))
    model.compile(optimizer=optimizer(config), loss=_LOSSES[config.loss], metrics=["accuracy"], jit_compile=False)
    model.optimizer.build(model.trainable_variables)  # so that even a model saved untrained loads as it was
    return model


def optimizer(config: RunConfig) -> Any:
    """A fresh optimiser as the knobs say, with Keras' defaults for what is no knob."""
    # One name for all, so that the state of a run is found again whichever optimiser was made before it.
    return _OPTIMIZERS[config.optimizer](config.learning_rate, name="optimizer")


def get_weights(model: keras.Model) -> dict[str, np.ndarray]:
    """A copy of the model's weights, by Keras' path (`digit_lab/dense1/kernel`)."""
    return {weight.path: np.array(weight) for weight in model.weights}


def set_weights(model: keras.Model, weights: Mapping[str, np.ndarray]) -> None:
    """Sets the model's weights to those that `get_weights` an equal one gave."""
    for weight in model.weights:
        weight.assign(weights[weight.path])


def save(model: keras.Model, path: Path | str) -> None:
    """Writes `model` as a `.keras` file, whole or not at all."""
    path = Path(path)
    unfinished = path.with_name(f".{path.stem}.unfinished.keras")
    try:
        model.save(unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def load(path: Path | str, *, compiled: bool = True) -> keras.Model:
    """Reads a saved model, with its loss and optimiser unless `compiled` is False.

    Raises `RunError` where the file is missing, cut short or no model.
    """
    try:
        return keras.models.load_model(path, compile=compiled)
    except Exception as error:  # zipfile, h5py and Keras each have their own way of saying it
        path = Path(path)
        found = f"{path.stat().st_size:,} bytes that cannot be read" if path.exists() else "no file"
        raise RunError(
            f"{path.name} of the run {path.parent.name} must be a saved network. Received: {found}. "
            "It was damaged or deleted: train the run anew, or choose another."
        ) from error


def has_convolutions(model: keras.Sequential) -> bool:
    """Whether it looks at an image by its rows and columns."""
    return any(isinstance(layer, keras.layers.Conv2D | keras.layers.MaxPooling2D) for layer in model.layers)


def _layer(row: LayerRow, seed: int) -> Any:
    """The Keras layer of one row of the table."""
    layer, activation = row.layer, row.activation or None
    glorot = keras.initializers.GlorotUniform(seed=seed)
    match row.kind:
        case "scale":
            return keras.layers.Rescaling(1 / 255, name=row.name)
        case "channel":
            return keras.layers.Reshape(row.output_shape, name=row.name)
        case "flatten":
            return keras.layers.Flatten(name=row.name)
        case "activation":
            return keras.layers.Activation(activation, name=row.name)
        case "dense":
            return keras.layers.Dense(
                row.output_shape[0], activation, row.bias, kernel_initializer=glorot, name=row.name
            )
        case "norm":
            return keras.layers.BatchNormalization(name=row.name)
    assert layer is not None
    match row.kind:
        case "conv":
            return keras.layers.Conv2D(
                layer.size,
                layer.kernel,
                activation=activation,
                use_bias=row.bias,
                kernel_initializer=glorot,
                name=row.name,
            )
        case "pool":
            return keras.layers.MaxPooling2D(layer.size, name=row.name)
        case "dropout":
            return keras.layers.Dropout(layer.rate, seed=seed, name=row.name)
    raise AssertionError(f"no Keras layer for {row.kind}")
