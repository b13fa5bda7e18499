"""The devices of this machine: which run trains on each of them, and how busy they are."""

import os
import platform
import signal
from contextlib import suppress

from core.devices.computing import Usage, usage
from core.jobs import slots
from core.jobs.places import CPU, GPU, Device
from core.jobs.slots import Slot
from core.runs.run import Run
from core.runs.store import RunStore


def devices(store: RunStore) -> list[Device]:
    """All devices, and the runs that train on each of them."""
    return [_device(store, slot) for slot in slots.all_slots()]


def _device(store: RunStore, slot: Slot) -> Device:
    kind = GPU if slot.gpu else CPU
    return Device(platform.node(), kind, slot.shown_name, slot.capacity, runs_in(store, slot), slot.name)


def runs_in(store: RunStore, slot: Slot) -> tuple[str, ...]:
    """The ids of the runs that train in a slot."""
    found = [holder.get("runs") or [holder.get("run")] for holder in slots.holders(store, slot)]
    return tuple(run_id for ids in found if isinstance(ids, list) for run_id in ids if isinstance(run_id, str))


def slot_of(store: RunStore, run: Run) -> Slot | None:
    """The slot in which a run trains; None if it does not train now."""
    return next((slot for slot in slots.all_slots() if run.id in runs_in(store, slot)), None)


def usage_by(store: RunStore, run: Run) -> Usage:
    """How busy the device of a run is. It may use the CPU although there is a GPU."""
    slot = slot_of(store, run)
    is_on_cpu = run.started is not None and run.started.device.startswith("CPU")
    return usage(slot.gpu if slot and not is_on_cpu else None)


def kill_worker(run: Run) -> None:
    """Kills the process that trains a run, whoever started it."""
    holder = run.holder or {}
    pid = holder.get("pid")
    if isinstance(pid, int) and pid > 1 and pid != os.getpid() and "node" not in holder:  # else it is the bridge
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
