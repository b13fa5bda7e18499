"""Where single operations run: on the CPU, also where a network trains on a GPU with TensorFlow.

TensorFlow loads the kernel of an operation when a GPU first needs it, and that takes longer than the operation. Before
its first step a run has more than a hundred single operations: random weights, zeros for the optimiser, Keras' metrics.
On the CPU they take microseconds each, and only their results are copied. JAX compiles them and keeps the programs.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import keras

_CPU = "CPU:0"


@contextmanager
def build_on_cpu() -> Iterator[None]:
    """Computes first values on the CPU. The variables made within are on the device that was chosen before."""
    if keras.backend.backend() != "tensorflow" or not is_elsewhere(device := current_device()):
        yield
        return
    import tensorflow as tf

    def make(make_next: Callable[..., Any], **facts: Any) -> Any:
        value = facts["initial_value"]
        with tf.device(_CPU):  # once more: an optimiser makes its variables on the device of the weights
            facts["initial_value"] = value() if callable(value) else value
        with tf.device(device):
            return make_next(**facts)

    with tf.device(_CPU), tf.variable_creator_scope(make):
        yield


def stay_on_cpu() -> AbstractContextManager[None]:
    """All of Keras' own operations within are on the CPU, with the variables that they make."""
    if keras.backend.backend() != "tensorflow" or not is_elsewhere(current_device()):
        return nullcontext()
    import tensorflow as tf

    return tf.device(_CPU)


def on_device(device: str) -> AbstractContextManager[None]:
    """Computes on a device of TensorFlow, within `stay_on_cpu` too. On the CPU it changes nothing."""
    if not is_elsewhere(device):
        return nullcontext()
    import tensorflow as tf

    return tf.device(device)


def current_device() -> str:
    """The device that TensorFlow would use now, by its full name."""
    import tensorflow as tf

    return str(tf.constant(0.0).device)


def is_elsewhere(device: str) -> bool:
    """Whether a device is another one than the CPU."""
    return not device.endswith(_CPU)
