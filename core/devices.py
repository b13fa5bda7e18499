"""Which device computes, its name, and how busy it is. Keras is imported only inside the functions that need it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import psutil

from core.errors import DeviceError

GIB = 2**30


@dataclass(frozen=True)
class Usage:
    """How busy a device is now. utilization: a share in [0, 1], None if it is not reported; memory in bytes."""

    name: str
    utilization: float | None
    memory_used: int
    memory_total: int


def usage(*, processor: bool = False) -> Usage:
    """The current load of the first GPU, or of the CPU if `processor` is set or there is no NVIDIA GPU."""
    gpu = None if processor else _nvml_gpu()
    if gpu is None:
        memory = psutil.virtual_memory()
        return Usage(cpu_name(), psutil.cpu_percent() / 100, memory.used, memory.total)
    nvml, handle = gpu
    memory = _nvml_memory(nvml, handle)
    utilization = None
    with suppress(nvml.NVMLError):  # a partitioned GPU (MIG) does not report it
        utilization = nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
    return Usage(_nvml_name(nvml, handle), utilization, memory.used, memory.total)


def cpu_name() -> str:
    """ "CPU (2 cores)": the cores that this process may use, not all of the machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"CPU ({cores} core{'s' * (cores > 1)})"


def gpu_name() -> str:
    """The first NVIDIA GPU with its memory, "NVIDIA H200 (139 GiB)"; empty if there is none."""
    gpu = _nvml_gpu()
    return _nvml_name(*gpu) if gpu else ""


def device_slot(requested: str) -> str:
    """The device that a run uses, "gpu" or "cpu"; each trains one run at a time. Does not import a backend."""
    return "gpu" if requested != "cpu" and _nvml_gpu() else "cpu"


@contextmanager
def use_device(requested: str) -> Iterator[str]:
    """Computes on the requested device (auto, cpu or gpu) and yields its name with its memory and its node.

    Raises `DeviceError` if a GPU is requested and none can be used.
    """
    import keras

    backend = keras.backend.backend()
    if requested == "cpu":
        _hide_gpus(backend)
    found = _gpu_names(backend)
    if requested == "gpu" and not found:
        raise DeviceError(
            "No usable GPU was found, so device must be auto or cpu. "
            "Choose auto, or install GPU support (README: With a GPU).",
            requested,
        )
    if found and requested != "cpu":
        with keras.device("gpu:0"):
            yield found[0] + _on_node()
    elif found:
        with keras.device("cpu:0"):
            yield cpu_name() + _on_node()
    else:
        yield cpu_name() + _on_node()


def _on_node() -> str:
    """ " on lab-2" in a run that a cluster placed on that machine."""
    node = os.environ.get("DIGIT_LAB_NODE", "")
    return f" on {node}" if node else ""


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
        return [_gpu_name(device.device_kind) for device in devices]
    import tensorflow as tf

    devices = tf.config.get_visible_devices("GPU")
    for device in devices:
        with suppress(RuntimeError):  # after the first computation it cannot be set any more; it is set already
            tf.config.experimental.set_memory_growth(device, True)
    return [
        _gpu_name(tf.config.experimental.get_device_details(device).get("device_name", "GPU")) for device in devices
    ]


def _gpu_name(plain: str) -> str:
    return gpu_name() or plain


def _nvml_name(nvml: Any, handle: Any) -> str:
    """The name with the memory, "NVIDIA H200 (140 GiB)"."""
    return f"{nvml.nvmlDeviceGetName(handle)} ({_nvml_memory(nvml, handle).total / GIB:.0f} GiB)"


def _nvml_memory(nvml: Any, handle: Any) -> Any:
    """As nvidia-smi shows it. Only old drivers include the memory that the driver reserves, 0.6 GiB on an H200."""
    try:
        return nvml.nvmlDeviceGetMemoryInfo(handle, version=nvml.nvmlMemory_v2)
    except nvml.NVMLError:
        return nvml.nvmlDeviceGetMemoryInfo(handle)


@cache
def _nvml_gpu() -> tuple[Any, Any] | None:
    """NVIDIA's management library and its first GPU; None if there is no such GPU or no driver."""
    try:
        import pynvml

        pynvml.nvmlInit()
        return pynvml, pynvml.nvmlDeviceGetHandleByIndex(0)
    except Exception:  # pynvml creates its error classes at run time, and raises OSError without a driver
        return None
