"""Which device computes, what it is called, and how busy it is. Keras is imported only where a run begins."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import psutil

from core.errors import DeviceError

GIB = 2**30
# JAX takes three quarters of a GPU's memory at once unless told otherwise; it reads this when it first computes.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")


@dataclass(frozen=True)
class Usage:
    """How busy a device is at this moment. `utilization`: a share in [0, 1], None where it does not tell; memory in bytes."""

    name: str
    utilization: float | None
    memory_used: int
    memory_total: int


def usage(*, processor: bool = False) -> Usage:
    """The first GPU's present load, or the `processor`'s where that is asked for or there is no NVIDIA GPU."""
    gpu = None if processor else _nvml_gpu()
    if gpu is None:
        memory = psutil.virtual_memory()
        return Usage(cpu_name(), psutil.cpu_percent() / 100, memory.used, memory.total)
    nvml, handle = gpu
    memory = _nvml_memory(nvml, handle)
    utilization = None
    with suppress(nvml.NVMLError):  # a GPU that is divided (MIG) does not tell
        utilization = nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
    return Usage(_nvml_name(nvml, handle), utilization, memory.used, memory.total)


def cpu_name() -> str:
    """ "CPU (2 cores)": what the process may use, not what the machine has."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"CPU ({cores} core{'s' * (cores > 1)})"


def device_slot(requested: str) -> str:
    """Which of the machine's devices a run takes, "gpu" or "cpu": one run at a time each. Asks no backend."""
    return "gpu" if requested != "cpu" and _nvml_gpu() else "cpu"


@contextmanager
def use_device(requested: str) -> Iterator[str]:
    """Computes on the device asked for, auto, cpu or gpu, and yields its name with its memory.

    Raises `DeviceError` where a GPU is asked for and none can be used.
    """
    import keras

    backend = keras.backend.backend()
    if requested == "cpu":
        _hide_gpus(backend)
    found = _gpu_names(backend)
    if requested == "gpu" and not found:
        raise DeviceError(
            "device must be auto or cpu here: no GPU that can be used was found. Received: 'gpu'. "
            "Choose auto, or install GPU support (README: With a GPU)."
        )
    if found and requested != "cpu":
        with keras.device("gpu:0"):
            yield found[0]
    elif found:
        with keras.device("cpu:0"):
            yield cpu_name()
    else:
        yield cpu_name()


def on_gpu() -> bool:
    """Whether Keras' backend has a GPU to compute on."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return jax.default_backend() == "gpu"
    import tensorflow as tf

    return bool(tf.config.list_logical_devices("GPU"))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that the device has no memory left."""
    text = f"{type(error).__name__} {error}"
    return isinstance(error, MemoryError) or any(
        sign in text for sign in ("RESOURCE_EXHAUSTED", "ResourceExhausted", "OOM when", "Out of memory")
    )


def _hide_gpus(backend: str) -> None:
    """Keeps this process off the GPUs, so that a run on the processor takes none of their memory."""
    if backend == "jax":
        import jax

        jax.config.update("jax_platforms", "cpu")
        return
    import tensorflow as tf

    with suppress(RuntimeError):  # too late once a GPU is in use; `keras.device` then places the run
        tf.config.set_visible_devices([], "GPU")


def _gpu_names(backend: str) -> list[str]:
    """The names of the GPUs that the backend can compute on."""
    if backend == "jax":
        import jax

        devices = [device for device in jax.devices() if device.platform in ("gpu", "cuda", "rocm")]
        return [_gpu_name(device.device_kind) for device in devices]
    import tensorflow as tf

    devices = tf.config.get_visible_devices("GPU")
    for device in devices:
        with suppress(RuntimeError):  # once the GPU computes, growth can no longer be set, and is set already
            tf.config.experimental.set_memory_growth(device, True)
    return [
        _gpu_name(tf.config.experimental.get_device_details(device).get("device_name", "GPU")) for device in devices
    ]


def _gpu_name(plain: str) -> str:
    gpu = _nvml_gpu()
    return _nvml_name(*gpu) if gpu else plain


def _nvml_name(nvml: Any, handle: Any) -> str:
    """The name with the memory, "NVIDIA H200 (140 GiB)"."""
    return f"{nvml.nvmlDeviceGetName(handle)} ({_nvml_memory(nvml, handle).total / GIB:.0f} GiB)"


def _nvml_memory(nvml: Any, handle: Any) -> Any:
    """As nvidia-smi shows it: what the driver keeps for itself, 0.6 GiB of an H200, counts only with an old driver."""
    try:
        return nvml.nvmlDeviceGetMemoryInfo(handle, version=nvml.nvmlMemory_v2)
    except nvml.NVMLError:
        return nvml.nvmlDeviceGetMemoryInfo(handle)


@cache
def _nvml_gpu() -> tuple[Any, Any] | None:
    """NVIDIA's management library and its first GPU; None where there is no such GPU or no driver."""
    try:
        import pynvml

        pynvml.nvmlInit()
        return pynvml, pynvml.nvmlDeviceGetHandleByIndex(0)
    except Exception:  # pynvml raises classes it makes at run time, and OSError where the driver is missing
        return None
