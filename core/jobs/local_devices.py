"""The devices of this machine: whether they are free, and which run trains on each of them."""

import os
import platform
import signal
from contextlib import suppress
from typing import Any

from core.devices import Usage, cpu_name, device_slot, gpu_name, usage
from core.files import Lock
from core.jobs.places import CPU, GPU, Device
from core.runs.run import Run
from core.runs.store import RunStore


def kinds() -> tuple[str, ...]:
    """The kinds of devices that this machine has. Each trains one run at a time."""
    return (GPU, CPU) if device_slot("auto") == GPU else (CPU,)


def holder(store: RunStore, kind: str) -> dict[str, Any] | None:
    """Facts about the process that uses the device; None if it is free."""
    return Lock(store.device_path(kind)).holder()


def devices(store: RunStore) -> list[Device]:
    """All devices, and the run that trains on each of them."""
    names = {CPU: cpu_name(), GPU: gpu_name()}
    return [Device(platform.node(), kind, names[kind], 1, _runs(store, kind)) for kind in kinds()]


def usage_by(run: Run) -> Usage:
    """How busy the device of a run is. It may use the CPU although there is a GPU."""
    return usage(processor=run.started is not None and run.started.device.startswith("CPU"))


def kill_worker(run: Run) -> None:
    """Kills the process that trains a run, whoever started it."""
    holder = run.holder or {}
    pid = holder.get("pid")
    if isinstance(pid, int) and pid > 1 and pid != os.getpid() and "node" not in holder:  # else it is the bridge
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _runs(store: RunStore, kind: str) -> tuple[str, ...]:
    run_id = (holder(store, kind) or {}).get("run")
    return (run_id,) if isinstance(run_id, str) else ()
