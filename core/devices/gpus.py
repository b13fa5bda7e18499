"""The NVIDIA GPUs that this process may use: names, memory and load, from the driver. It imports no Keras."""

import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

GIB = 2**30
_UNUSABLE = "DIGIT_LAB_UNUSABLE_GPUS"  # in the environment, so that child processes know it too: UUIDs


@dataclass(frozen=True)
class Gpu:
    """One GPU. uuid: the driver's name of the card, the same in all processes; memory: bytes."""

    uuid: str
    name: str  # with its memory, "NVIDIA H200 (140 GiB)"
    memory: int


@dataclass(frozen=True)
class Load:
    """How busy a GPU is now. utilization: a share in [0, 1], None if it is not reported; memory_used: bytes."""

    utilization: float | None
    memory_used: int


def gpus() -> tuple[Gpu, ...]:
    """The GPUs that this process may use, in the order in which they are numbered: gpu:0, gpu:1 …"""
    return _visible(os.environ.get("CUDA_VISIBLE_DEVICES"))


def is_usable(gpu: Gpu) -> bool:
    """Whether no process has said that Keras cannot use this GPU. Only a process that has imported Keras knows it."""
    return gpu.uuid not in os.environ.get(_UNUSABLE, "").split(",")


def mark_unusable(gpu: Gpu) -> None:
    """Keras cannot use this GPU, nor others of its kind: this process and its new children use the CPU instead."""
    for each in gpus():
        if each.name == gpu.name and is_usable(each):
            os.environ[_UNUSABLE] = ",".join(filter(None, [os.environ.get(_UNUSABLE), each.uuid]))


def are_several_installed() -> bool:
    """Whether the machine has more than one GPU, whatever this process may use."""
    return len(_installed()) > 1


def driver_version() -> str:
    """The version of NVIDIA's driver; empty without one."""
    nvml = _nvml()
    return str(nvml.nvmlSystemGetDriverVersion()) if nvml else ""


def load(gpu: Gpu) -> Load:
    """How busy a GPU is now."""
    nvml, handle = _nvml(), _handle(gpu.uuid)
    utilization = None
    with suppress(nvml.NVMLError):  # a partitioned GPU (MIG) does not report it
        utilization = nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
    return Load(utilization, _memory(handle).used)


@cache
def _visible(chosen: str | None) -> tuple[Gpu, ...]:
    """chosen: the value of CUDA_VISIBLE_DEVICES. As in CUDA, the list ends at the first entry that is no GPU."""
    if chosen is None:
        return _installed()
    found: list[Gpu] = []
    for entry in map(str.strip, chosen.split(",")):
        gpu = _find(entry)
        if gpu is None or gpu in found:
            break
        found.append(gpu)
    return tuple(found)


def _find(entry: str) -> Gpu | None:
    """The GPU of a number, of the beginning of a UUID, or a part of a divided GPU (MIG-…)."""
    installed = _installed()
    if entry.isdecimal():
        return installed[int(entry)] if len(entry) < 9 and int(entry) < len(installed) else None
    if entry.startswith("MIG-") and installed:
        with suppress(_nvml().NVMLError):
            return _facts(_handle(entry))
        return None
    begins_so = [gpu for gpu in installed if entry.startswith("GPU-") and gpu.uuid.startswith(entry)]
    return begins_so[0] if len(begins_so) == 1 else None


@cache
def _installed() -> tuple[Gpu, ...]:
    """All GPUs of the machine in the order of their slots; none without a driver."""
    nvml = _nvml()
    if nvml is None:
        return ()
    try:
        return tuple(_facts(nvml.nvmlDeviceGetHandleByIndex(place)) for place in range(nvml.nvmlDeviceGetCount()))
    except nvml.NVMLError:
        return ()


@cache
def _nvml() -> Any:
    """NVIDIA's management library; None if there is no driver."""
    try:
        import pynvml

        pynvml.nvmlInit()
        return pynvml
    except Exception:  # pynvml creates its error classes at run time, and raises OSError without a driver
        return None


def _handle(uuid: str) -> Any:
    return _nvml().nvmlDeviceGetHandleByUUID(uuid)


def _facts(handle: Any) -> Gpu:
    nvml, total = _nvml(), _memory(handle).total
    return Gpu(nvml.nvmlDeviceGetUUID(handle), f"{nvml.nvmlDeviceGetName(handle)} ({total / GIB:.0f} GiB)", total)


def _memory(handle: Any) -> Any:
    """As nvidia-smi shows it. Only old drivers include the memory that the driver reserves, 0.6 GiB on an H200."""
    nvml = _nvml()
    try:
        return nvml.nvmlDeviceGetMemoryInfo(handle, version=nvml.nvmlMemory_v2)
    except nvml.NVMLError:
        return nvml.nvmlDeviceGetMemoryInfo(handle)
