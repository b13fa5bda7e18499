"""The slots of this machine: the CPU and each GPU. A run trains in one of them, and its process holds a lock of it.

A GPU trains one run at a time. DIGIT_LAB_RUNS_PER_GPU lets more runs share it: each has its part of the memory, and the
GPU takes turns. One is the default, because a run alone is fastest, and because it was not measured how many runs an
hour a shared GPU trains.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from core.config.environment import RUNS_PER_GPU
from core.devices import computing, gpus
from core.devices.gpus import Gpu
from core.files import Lock
from core.jobs.places import CPU, GPU
from core.process_settings import CPU_ONLY
from core.runs.run import Run
from core.runs.store import RunStore

# An argument of a worker, and its exit status: if Keras cannot use the GPU of its slot, it exits before it takes a run.
# The queue then sends the run to the CPU. Without the argument, the run waits for the CPU in this process.
LEAVE_WITHOUT_GPU, NO_USABLE_GPU = "--leave-without-gpu", 69
_TRY_SECONDS = 0.2  # to take a lock: somebody may just be looking whether it is free


@dataclass(frozen=True)
class Slot:
    """One device of this machine. capacity: how many runs train there at a time."""

    name: str  # as the knob `device` names it: "cpu", "gpu:1"
    gpu: Gpu | None = None  # None: the CPU
    capacity: int = 1

    @property
    def shown_name(self) -> str:
        """ "CPU (2 cores)", "NVIDIA H200 (140 GiB)"; with "gpu:1" if there are several GPUs."""
        if self.gpu is None:
            return computing.cpu_name()
        return f"{self.gpu.name}, {self.name}" if len(gpus.gpus()) > 1 else self.gpu.name


def all_slots() -> tuple[Slot, ...]:
    """All slots of this machine: the GPUs, then the CPU. A GPU that Keras cannot use is none: its runs use the CPU."""
    return (*(slot for slot in _gpu_slots() if slot.gpu and gpus.is_usable(slot.gpu)), Slot(CPU))


def _gpu_slots() -> list[Slot]:
    capacity = runs_per_gpu()
    return [Slot(f"gpu:{number}", gpu, capacity) for number, gpu in enumerate(gpus.gpus())]


def slots_for(device: str) -> tuple[Slot, ...]:
    """The slots in which a run with this value of the knob may train, the best one first.

    A run that needs a missing GPU gets the CPU's: there it fails with a sentence.
    """
    *on_gpus, cpu = all_slots()
    if device.startswith("gpu:") and computing.GIVEN_GPU not in os.environ:
        on_gpus = [slot for slot in on_gpus if slot.name == device]
    return (cpu,) if device == CPU or not on_gpus else tuple(on_gpus)


def check(device: str) -> None:
    """Raises `DeviceError` if the knob names a GPU that this machine does not have, or that Keras cannot use.

    "gpu" is refused only if the driver shows GPUs: another kind of GPU is seen by Keras alone.
    """
    present, usable = [slot.name for slot in _gpu_slots()], [slot.name for slot in all_slots() if slot.gpu]
    is_missing = device.startswith("gpu:") and device not in usable
    if is_missing or (device == GPU and present and not usable):
        raise computing.missing_gpu(device, present, usable)


def mark_unusable(name: str) -> None:
    """Keras cannot use the GPU of this slot: from now on it is none, so that not more runs use the CPU at a time."""
    for slot in _gpu_slots():
        if slot.name == name and slot.gpu:
            gpus.mark_unusable(slot.gpu)


def unusable() -> list[str]:
    """The names of the GPUs that Keras cannot use, as far as that is known."""
    return [slot.name for slot in _gpu_slots() if slot.gpu and not gpus.is_usable(slot.gpu)]


def runs_per_gpu() -> int:
    """How many runs share a GPU: DIGIT_LAB_RUNS_PER_GPU. Raises `DeviceError` if that is no number from 1 to 16."""
    return RUNS_PER_GPU.value


def environment(slot: Slot) -> dict[str, str]:
    """What a process needs in its environment to use this slot alone, before it uses Keras' backend.

    It sees only its GPU, and takes only its part of the memory if runs share the GPU.
    """
    if slot.gpu is None:
        return dict(CPU_ONLY) if gpus.gpus() else {}
    chosen = {}
    if gpus.are_several_installed():
        # By its UUID: the numbers of CUDA and of the driver may differ.
        name = os.environ.get(computing.GIVEN_GPU, slot.name)
        chosen = {"CUDA_VISIBLE_DEVICES": slot.gpu.uuid, computing.GIVEN_GPU: name}
    return chosen | computing.memory_share(slot.capacity)


def holders(store: RunStore, slot: Slot) -> list[dict[str, Any]]:
    """Facts about each process that trains in a slot, its run among them."""
    # All that there can be: a run keeps its place when the dashboard starts again with a smaller number.
    places = range(RUNS_PER_GPU.high if slot.gpu else 1)
    found = (lock(store, slot, place).holder() for place in places)
    return [holder for holder in found if holder is not None]


@contextmanager
def hold(
    store: RunStore, runs: Sequence[Run], on_wait: Callable[[str], None], should_stop: Callable[[], bool]
) -> Iterator[None]:
    """Takes a place in a slot for this process, and with it the slot's environment. It waits while there is none.

    runs: those that train there, more than one only if they train in one call.

    If Keras cannot use the GPU of the slot, they take the place of a run on the CPU.
    on_wait: called five times a second with the id of a run before it. If `should_stop`, it goes on without a place.
    """
    taken = _wait_for_place(store, runs, on_wait, should_stop)
    if taken and not _enter(taken[0]):
        taken[1].release()
        taken = _wait_for_place(store, runs, on_wait, should_stop)
    try:
        yield
    finally:
        if taken:
            taken[1].release()


def _wait_for_place(
    store: RunStore, runs: Sequence[Run], on_wait: Callable[[str], None], should_stop: Callable[[], bool]
) -> tuple[Slot, Lock] | None:
    while (taken := _take(store, runs)) is None:
        before = holders(store, slots_for(runs[0].config.device)[0])
        on_wait(str(before[0].get("run", "")) if before else "")
        if should_stop():
            break
    return taken


def _enter(slot: Slot) -> bool:
    """Gives this process the environment of the slot; a worker of the dashboard has it already.

    False if Keras cannot use its GPU. This process can see no other one afterwards.
    """
    os.environ.update(environment(slot))
    if slot.gpu is None or computing.has_usable_gpu():
        return True
    gpus.mark_unusable(slot.gpu)
    return False


def _take(store: RunStore, runs: Sequence[Run]) -> tuple[Slot, Lock] | None:
    """A free place, and its lock; None if there is none now."""
    facts = {"run": runs[0].id, "runs": [run.id for run in runs]}
    for slot in slots_for(runs[0].config.device):
        for place in range(slot.capacity):
            held = lock(store, slot, place)
            if held.acquire(facts, timeout=_TRY_SECONDS):
                return slot, held
    return None


def lock(store: RunStore, slot: Slot, place: int = 0) -> Lock:
    """The lock of one place in a slot. The process that trains there holds it."""
    # It is named by the UUID of the GPU, because processes may number the GPUs in different ways.
    name = slot.gpu.uuid if slot.gpu else CPU
    return Lock(store.device_path(f"{name}.{place + 1}" if place else name))
