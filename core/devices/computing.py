"""Which device computes, its name, and how busy it is. Keras is imported only inside the functions that need it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

from core.devices import gpus
from core.devices.gpus import Gpu
from core.devices.processor_load import LOAD
from core.errors import DeviceError

# For a run that exists: its knobs are fixed.
COPY_RUN = 'A run keeps its device: click "Use these settings" beside it on Train, then choose another one and start.'
# What a process finds in its environment if it was given a GPU: the GPU's name among those of the dashboard, where the
# machine has several; and the share of the GPU's memory that it may take, where runs share a GPU.
GIVEN_GPU, MEMORY_SHARE = "DIGIT_LAB_GPU", "DIGIT_LAB_GPU_MEMORY"
_JAX_MEMORY = "XLA_PYTHON_CLIENT_MEM_FRACTION"
_RESERVED = 0.1  # of a shared GPU's memory: for the driver, and for the kernels of each process


@dataclass(frozen=True)
class Usage:
    """How busy a device is now. utilization: a share in [0, 1], None if it is not reported; memory in bytes."""

    name: str
    utilization: float | None
    memory_used: int
    memory_total: int


def usage(gpu: Gpu | None = None) -> Usage:
    """The current load of a GPU, or of the CPU."""
    if gpu is None:
        memory = psutil.virtual_memory()
        return Usage(cpu_name(), LOAD.share(), memory.used, memory.total)
    now = gpus.load(gpu)
    return Usage(gpu.name, now.utilization, now.memory_used, gpu.memory)


def cpu_name() -> str:
    """ "CPU (2 cores)": the cores that this process may use, not all of the machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"CPU ({cores} core{'s' * (cores > 1)})"


def device_kind(requested: str) -> str:
    """The kind of device that a run uses, "gpu" or "cpu". requested: auto, cpu, gpu or gpu:N."""
    return "gpu" if requested != "cpu" and any(map(gpus.is_usable, gpus.gpus())) else "cpu"


def memory_share(runs: int) -> dict[str, str]:
    """The environment of a process that shares a GPU with others, so that it takes only its part of the memory.

    runs: how many share it. By default each takes what it needs.
    """
    if runs <= 1:
        return {}
    share = f"{(1 - _RESERVED) / runs:.4f}"
    # JAX has two names for it and refuses both at once. The user's own value wins.
    is_set = any(name in os.environ for name in (_JAX_MEMORY, "XLA_CLIENT_MEM_FRACTION"))
    for_jax = {} if is_set else {_JAX_MEMORY: share}
    return {MEMORY_SHARE: share, "TF_FORCE_GPU_ALLOW_GROWTH": "true", **for_jax}


@contextmanager
def use_device(requested: str) -> Iterator[str]:
    """Computes on the requested device (auto, cpu, gpu or gpu:N) and yields its name with its memory and its node.

    Raises `DeviceError` if a GPU is requested that does not exist or cannot be used, with a sentence about a run.
    """
    import keras

    backend = keras.backend.backend()
    if requested == "cpu":
        _hide_gpus(backend)
    found = _gpu_names(backend)
    number = _number(requested)
    if requested.startswith("gpu") and number >= len(found):
        usable = names(len(found))
        raise missing_gpu(requested, names(len(gpus.gpus())) or usable, usable, more=COPY_RUN)
    if found and requested != "cpu":
        with keras.device(f"gpu:{number}"):
            yield found[number] + _on_node()
    elif found:
        with keras.device("cpu:0"):
            yield cpu_name() + _on_node()
    else:
        yield cpu_name() + _on_node()


def missing_gpu(requested: str, present: list[str], usable: list[str], *, more: str = "") -> DeviceError:
    """The error for a GPU that does not exist, or that Keras cannot use.

    requested: gpu or gpu:N. present: the names of the GPUs of this machine, such as "gpu:0"; usable: of those that
    Keras can use, as far as that is known. more: a sentence that follows.
    """
    if not present:
        there = "This machine has no GPU" + (f", so there is no {requested}" if requested != "gpu" else "")
    elif requested == "gpu" or present == [requested]:
        there = f"Keras cannot use {' and '.join(present)} of this machine"
    elif requested in present:
        there = f"Keras cannot use {requested}. This machine has {' and '.join(present)}"
    else:
        there = f"This machine has no {requested}. It has {' and '.join(present)}"
    one = "another one" if requested in present else "one"
    choice = f"Choose {one}, auto, cpu or gpu" if usable else "Choose auto or cpu"
    install = ", or install GPU support (README: With a GPU)" if present and not usable else ""
    return DeviceError(f"{there}. {choice}{install}. {more}".strip(), requested)


def names(number: int) -> list[str]:
    """How this process names its first so many GPUs: "gpu:0", "gpu:1"; the only one as the dashboard does."""
    given = os.environ.get(GIVEN_GPU)
    return [given] if given and number else [f"gpu:{place}" for place in range(number)]


def _number(requested: str) -> int:
    """Which of the GPUs that this process sees: the only one, if it was given one."""
    return int(requested.partition(":")[2] or 0) if GIVEN_GPU not in os.environ else 0


def _on_node() -> str:
    """ " on lab-2" in a run that a cluster placed on that machine."""
    node = os.environ.get("DIGIT_LAB_NODE", "")
    return f" on {node}" if node else ""


def has_usable_gpu() -> bool:
    """Whether Keras can use a GPU. The driver does not know: the backend may lack libraries, or the GPU be too old."""
    import keras

    with suppress(Exception):
        return bool(_gpu_names(keras.backend.backend()))
    return True  # the run itself will report the reason


def on_gpu() -> bool:
    """Whether Keras' backend can use a GPU."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return jax.default_backend() == "gpu"
    import tensorflow as tf

    return bool(tf.config.list_logical_devices("GPU"))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` means that the device ran out of memory."""
    text = f"{type(error).__name__} {error}"
    return isinstance(error, MemoryError) or any(
        sign in text for sign in ("RESOURCE_EXHAUSTED", "ResourceExhausted", "OOM when", "Out of memory")
    )


def _hide_gpus(backend: str) -> None:
    """Hides the GPUs from this process, so that a run on the CPU takes none of their memory."""
    if backend == "jax":
        import jax

        jax.config.update("jax_platforms", "cpu")
        return
    import tensorflow as tf

    with suppress(RuntimeError):  # once a GPU is in use this fails; then `keras.device` selects the CPU
        tf.config.set_visible_devices([], "GPU")


def _gpu_names(backend: str) -> list[str]:
    """The names of the GPUs that the backend can compute on."""
    if backend == "jax":
        import jax

        devices = [device for device in jax.devices() if device.platform in ("gpu", "cuda", "rocm")]
        return _shown_names([device.device_kind for device in devices])
    import tensorflow as tf

    devices = tf.config.get_visible_devices("GPU")
    for number, device in enumerate(devices):
        with suppress(RuntimeError):  # after the first computation it cannot be set any more; it is set already
            if limit := _memory_limit(number):
                part = tf.config.LogicalDeviceConfiguration(memory_limit=limit)
                tf.config.set_logical_device_configuration(device, [part])
            else:
                tf.config.experimental.set_memory_growth(device, True)
    details = [tf.config.experimental.get_device_details(device) for device in devices]
    return _shown_names([each.get("device_name", "GPU") for each in details])


def _memory_limit(number: int) -> int:
    """The memory that this process may take of a GPU that it shares, in MiB; 0 if it shares none."""
    present = gpus.gpus()
    share = float(os.environ.get(MEMORY_SHARE) or 0)
    return int(share * present[number].memory / 2**20) if number < len(present) else 0


def _shown_names(plain: list[str]) -> list[str]:
    """The driver's names with the memory, and "gpu:1" where there are several. plain: the backend's own names."""
    names = [gpu.name for gpu in gpus.gpus()[: len(plain)]]
    names += plain[len(names) :]
    if given := os.environ.get(GIVEN_GPU):
        return [f"{name}, {given}" for name in names]
    return [f"{name}, gpu:{number}" for number, name in enumerate(names)] if len(names) > 1 else names
