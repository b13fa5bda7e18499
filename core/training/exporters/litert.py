"""LiteRT, which was called TensorFlow Lite: a small file for telephones and microcontrollers.

There is one with floats and one with 8-bit numbers. Both take uint8 images and give float32 probabilities. In the
8-bit one, weights and layers are int8.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from core.files import write_atomic
from core.training.exporters.exporter import Exportable, in_parts, quiet


def write_float(network: Exportable, path: Path) -> None:
    """Writes the network with 32-bit floats."""
    write_atomic(path, _convert(_converter(network.model)))


def write_int8(network: Exportable, path: Path) -> None:
    """Writes the network with 8-bit numbers. Their ranges are measured on the sample.

    An operation without an 8-bit version stays a float, for example the activation elu.
    """
    import tensorflow as tf

    def images() -> Iterator[list[np.ndarray]]:
        yield from ([network.sample[place : place + 1]] for place in range(len(network.sample)))

    converter = _converter(network.model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = images
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.lite.OpsSet.TFLITE_BUILTINS]
    write_atomic(path, _convert(converter))


def probabilities(path: Path, images: np.ndarray) -> np.ndarray:
    """uint8 (n, 28, 28) → float32 (n, 10), by the interpreter that comes with TensorFlow."""
    import tensorflow as tf

    with quiet():
        interpreter = tf.lite.Interpreter(model_content=path.read_bytes())
        (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()

        def read(part: np.ndarray) -> np.ndarray:
            interpreter.resize_tensor_input(taken["index"], part.shape)
            interpreter.allocate_tensors()
            interpreter.set_tensor(taken["index"], part)
            interpreter.invoke()
            return np.asarray(interpreter.get_tensor(given["index"]))

        return in_parts(read, images)


def _converter(model: keras.Model) -> Any:
    import tensorflow as tf

    return tf.lite.TFLiteConverter.from_keras_model(model)


def _convert(converter: Any) -> bytes:
    with quiet():
        return bytes(converter.convert())
