"""What all exporters have in common, and the list of them."""

import io
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from core import process_settings
from core.errors import RunError
from core.evaluation.export_formats import FORMATS
from core.network.numpy_network import Reader


class Exportable(NamedTuple):
    """A trained network. sample: training images, uint8 (n, 28, 28), for formats that measure ranges of values."""

    network: Reader
    model: keras.Model  # the same in Keras
    sample: np.ndarray


Write = Callable[[Exportable, Path], None]
Read = Callable[[Path, np.ndarray], np.ndarray]
_MODULES = {
    "keras": ("keras_file", "write"),
    "saved-model": ("saved_model", "write"),
    "tflite": ("litert", "write_float"),
    "tflite-int8": ("litert", "write_int8"),
    "onnx": ("onnx_file", "write"),
}


class Exporter(NamedTuple):
    """One format: how a file of it is written, and how the tool that it is for reads it.

    probabilities(path, images): uint8 (n, 28, 28) → float32 (n, 10).
    """

    write: Write
    probabilities: Read


def exporter(name: str) -> Exporter:
    """The exporter of the format `name`. Raises `RunError` if it cannot work with this backend of Keras."""
    if FORMATS[name].needs_tensorflow and keras.backend.backend() != "tensorflow":
        raise RunError(
            f"{FORMATS[name].label} can only be written with Keras' TensorFlow backend. "
            "Set KERAS_BACKEND to tensorflow, or export the network as a Keras file.",
            received=keras.backend.backend(),
        )
    module, write = _MODULES[name]
    loaded = import_module(f"core.training.exporters.{module}")
    return Exporter(getattr(loaded, write), loaded.probabilities)


@contextmanager
def quiet() -> Iterator[None]:
    """Hides what converters print about their own inner parts: no visitor can act on it."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), process_settings.hide_stderr():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def in_parts(read: Callable[[np.ndarray], np.ndarray], images: np.ndarray, most: int = 250) -> np.ndarray:
    """`read` for at most `most` images at a time, so that the outputs of convolutions stay small: float32 (n, 10)."""
    return np.concatenate([read(images[start : start + most]) for start in range(0, len(images), most)])
