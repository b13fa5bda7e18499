"""Builds a compiled Keras model from a config, saves and loads it. Saved models contain no class of this project."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from core.config.run_config import RunConfig
from core.errors import RunError
from core.network.architecture import LayerRow, layer_table
from core.network.initial_weights import layer_seed
from core.training.placement import build_on_cpu

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

    Its weights depend on `config.seed` alone. Raises `NetworkError` if the layers do not fit together.
    """
    with build_on_cpu():
        model = build_layers(config)
        model.compile(optimizer=optimizer(config), loss=_LOSSES[config.loss], metrics=["accuracy"], jit_compile=False)
        model.optimizer.build(model.trainable_variables)  # so that a model that was saved untrained loads unchanged
    return model


def build_layers(config: RunConfig) -> keras.Sequential:
    """The model of `build` without loss and optimiser, for predictions. Raises `NetworkError` like `build`."""
    model = keras.Sequential([keras.Input((28, 28), dtype="uint8", name="image")], name="digit_lab")
    for position, row in enumerate(layer_table(config)):
        model.add(_layer(row, layer_seed(config.seed, position)))
    return model


def optimizer(config: RunConfig) -> Any:
    """A new optimiser from the knobs, with Keras' defaults for everything else."""
    # One name for all, so that a saved state fits whatever optimisers were created before.
    return _OPTIMIZERS[config.optimizer](config.learning_rate, name="optimizer")


def get_weights(model: keras.Model) -> dict[str, np.ndarray]:
    """A copy of the model's weights, by Keras' path (`digit_lab/dense1/kernel`)."""
    return {weight.path: np.array(weight) for weight in model.weights}


def set_weights(model: keras.Model, weights: Mapping[str, np.ndarray]) -> None:
    """Sets the weights, as `get_weights` of an equal model returned them."""
    for weight in model.weights:
        weight.assign(weights[weight.path])


def save(model: keras.Model, path: Path | str) -> None:
    """Writes `model` as a `.keras` file, completely or not at all."""
    path = Path(path)
    unfinished = path.with_name(f".{path.stem}.unfinished.keras")
    unfinished.unlink(missing_ok=True)
    try:
        model.save(unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def load(path: Path | str, *, compiled: bool = True) -> keras.Model:
    """Reads a saved model, with its loss and optimiser unless `compiled` is False.

    Raises `RunError` if the file is missing, truncated or not a model.
    """
    try:
        return keras.models.load_model(path, compile=compiled)
    except Exception as error:  # zipfile, h5py and Keras raise different errors
        path = Path(path)
        found = f"{path.stat().st_size:,} bytes that cannot be read" if path.exists() else "no file"
        raise RunError(
            f"{path.name} of the run {path.parent.name} is damaged or deleted. Train the run again, or choose another.",
            received=found,
        ) from error


def has_convolutions(model: keras.Sequential) -> bool:
    """Whether a layer needs the rows and columns of an image: its values are (n, rows, columns, channels)."""
    return any(len(layer.output.shape) == 4 for layer in model.layers)


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
