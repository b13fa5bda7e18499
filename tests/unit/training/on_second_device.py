"""Trains until the first call on a second device: here a part of the processor stands in for a GPU.

TensorFlow's log says where each operation ran. It prints what a test asks about as one line of JSON.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

from core import process_settings
from core.config.recipes import RECIPES
from core.data import mnist
from core.devices import computing
from core.network.initial_weights import initial_weights
from core.training import call_size, compact_model, engine_tensorflow, models, trainer
from core.training.hooks import Control, Hooks

DEVICE = "CPU:1"


class StopAtOnce(Control):
    def should_stop(self) -> bool:
        return True


@contextmanager
def second_device(requested: str) -> Iterator[str]:
    with keras.device(DEVICE):
        yield "a second device"


def main(recipe: str) -> None:
    process_settings.apply()
    (processor,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
    tf.debugging.set_log_device_placement(True)
    for module in (call_size, compact_model, engine_tensorflow):
        module.on_gpu = lambda: True
    computing.use_device = second_device
    trained = engine_tensorflow.TensorFlow.run

    def run(self, call):
        print("FIRST CALL", file=sys.stderr, flush=True)
        return trained(self, call)

    engine_tensorflow.TensorFlow.run = run
    config = RECIPES[recipe].config
    with second_device(""):
        model = models.build(config)
    expected = initial_weights(config)
    print("BEGIN", file=sys.stderr, flush=True)
    result = trainer.train(config, mnist.load_embedded(), lambda event: None, Hooks(StopAtOnce()))
    facts = {
        "same weights": all(np.array_equal(weight, expected[weight.path]) for weight in model.weights),
        "devices": sorted({variable.value.device[-5:] for variable in [*model.weights, *model.optimizer.variables]}),
        "trained": bool(np.abs(result.model.get_weights()[0] - model.get_weights()[0]).max() > 0),
    }
    print(json.dumps(facts))


main(*sys.argv[1:])
