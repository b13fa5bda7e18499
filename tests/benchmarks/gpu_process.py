"""One measurement of `tests.benchmarks.gpu` in a process of its own: it prints one line of JSON."""

import json
import os
import platform
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core import process_settings
from core.config.recipes import RECIPES
from core.data import mnist
from core.training import kernel_trials

PACKAGES = ("tensorflow", "jax", "keras", "numpy")
LIBRARIES = ("libcudart", "libcublas", "libcublasLt", "libcudnn", "libnccl", "libcusolver", "libcupti", "libnvrtc")


def device() -> dict[str, Any]:
    """The device's name, the versions, and the files of the GPU's libraries that a small product has loaded."""
    from core.devices.computing import use_device

    with use_device("auto") as name:
        import keras

        keras.ops.matmul(keras.ops.ones((64, 64)), keras.ops.ones((64, 64)))
    versions = {package: version(package) for package in PACKAGES if find_spec(package)}
    return {"name": name, "versions": {"Python": platform.python_version(), **versions}, "libraries": libraries()}


def libraries() -> list[str]:
    """The real names of the GPU's libraries that this process has loaded, whatever name they were asked for by."""
    maps = Path("/proc/self/maps")
    lines = maps.read_text().splitlines() if maps.exists() else []
    paths = {line.split(maxsplit=5)[5] for line in lines if line.count(" ") >= 5 and "/" in line}
    names = {Path(os.path.realpath(path)).name for path in paths}
    return sorted(name for name in names if name.split(".")[0] in LIBRARIES)


def fit(side: str, recipe: str, seed: int) -> dict[str, float]:
    """Seconds of the whole fit by stock Keras or by the engine, with compiling and the start of the GPU.

    side: "stock" or "engine". Seed 0 is small.
    """
    from tests.benchmarks import engine

    data = mnist.load()
    if not seed:
        data = data._replace(train=data.train[:2000], validation=data.validation[:200], test=data.test[:200])
    if side == "engine":  # as the command line does; a process of stock Keras does not
        kernel_trials.skip_for_dense(RECIPES[recipe].config)
    train = engine.by_engine if side == "engine" else engine.stock_keras
    seconds, accuracy, epoch, *_ = train(recipe, data, seed)
    return {"seconds": seconds, "accuracy": accuracy, "epoch": epoch}


if __name__ == "__main__":
    process_settings.apply()
    what, *arguments = sys.argv[1:]
    print(json.dumps(device() if what == "device" else fit(arguments[0], arguments[1], int(arguments[2]))))
