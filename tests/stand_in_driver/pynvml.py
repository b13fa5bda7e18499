"""The library of NVIDIA's driver, for a machine without GPUs: STAND_IN_GPUS says how many it finds.

It has only what `core.devices.gpus` asks for. `tests.stand_in_gpus` puts this folder before the real library.
"""

import os
from types import SimpleNamespace

GIB = 2**30
nvmlMemory_v2 = 2


class NVMLError(Exception):
    pass


def nvmlInit() -> None: ...


def nvmlSystemGetDriverVersion() -> str:
    return "580.1"


def nvmlDeviceGetCount() -> int:
    return int(os.environ["STAND_IN_GPUS"])


def nvmlDeviceGetHandleByIndex(index: int) -> int:
    return index


def nvmlDeviceGetHandleByUUID(uuid: str) -> int:
    number = uuid.rpartition("-")[2]
    if not uuid.startswith("GPU-0000-") or int(number) >= nvmlDeviceGetCount():
        raise NVMLError(uuid)
    return int(number)


def nvmlDeviceGetUUID(handle: int) -> str:
    return f"GPU-0000-{handle}"


def nvmlDeviceGetName(handle: int) -> str:
    return f"Stand-in {'AB'[handle % 2]}"


def nvmlDeviceGetMemoryInfo(handle: int, version: int = 0) -> SimpleNamespace:
    return SimpleNamespace(used=(handle + 1) * GIB, total=80 * GIB)


def nvmlDeviceGetUtilizationRates(handle: int) -> SimpleNamespace:
    return SimpleNamespace(gpu=10 * (handle + 1))
