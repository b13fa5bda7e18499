"""Places: where runs train. The scheduler asks for room, sends runs there, hears that they ended, and can kill them.

`worker_pool.WorkerPool` is this machine; a Ray cluster is another. Pages see the same run folders.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from core.config.run_config import RunConfig
from core.devices.computing import COPY_RUN, Usage
from core.errors import DeviceError, RunError
from core.runs.events import FAILED, RunEnded
from core.runs.run import Run
from core.runs.timeline import EventFile

CPU, GPU = "cpu", "gpu"  # the kinds of devices


@dataclass(frozen=True)
class Device:
    """A device, or all of one kind on a machine of a cluster.

    capacity: how many runs train there at a time; runs: their ids.
    """

    node: str  # the name of the machine
    kind: str  # CPU or GPU
    name: str  # "CPU (2 cores)"
    capacity: int
    runs: tuple[str, ...] = ()
    slot: str = ""  # its name as a value of the knob `device`; empty on a cluster, which chooses the device itself


class Place(Protocol):
    """Where runs train. The scheduler's thread calls `free`, `send` and `refresh` in turn; pages call the others."""

    address: str  # of the cluster; empty: this machine

    def check(self, config: RunConfig) -> None:
        """Raises `DeviceError` if the config asks for a device that does not exist here."""

    def slots(self, config: RunConfig) -> tuple[str, ...]:
        """The slots in which a run with this config may train, the best one first.

        On this machine a slot is one device ("cpu", "gpu:1"), on a cluster all devices of one kind.
        """

    def free(self) -> dict[str, int]:
        """How many more runs can start now in each slot."""

    def send(self, run: Run, slot: str) -> None:
        """Lets a waiting run train in a slot that has room."""

    def slot_of(self, run: Run) -> str:
        """The slot in which a run trains; empty if that is not known."""

    def has(self, run_id: str) -> bool:
        """Whether the run was sent here and has not ended."""

    def refresh(self) -> None:
        """Notices which runs have ended. A run that could not begin is not tried for ever."""

    def kill(self, run: Run) -> None:
        """Ends the training of a run at once: it is then interrupted, and can resume from its last saved epoch."""

    def forget_failures(self, run_id: str) -> None:
        """Tries the run again, however often it could not begin or was lost before."""

    def expect(self, config: RunConfig | None = None) -> None:
        """Somebody will probably train soon, with `config` if it is known."""

    def devices(self) -> list[Device]:
        """All devices, and which runs train on them."""

    def usage(self, run: Run) -> Usage | None:
        """How busy the device of a run is that trains; None if that is not known."""

    def problem(self) -> str:
        """A sentence: why no run can start here now; empty if nothing is wrong."""

    def warning(self) -> str:
        """A sentence for the operator: what should be changed although runs train; empty if nothing is wrong."""

    def close(self) -> None:
        """The dashboard ends. Runs continue to train."""


def check_run(place: Place, run: Run) -> None:
    """As `Place.check`, for a run that exists: the sentence also says how to train it on another device."""
    try:
        place.check(run.config)
    except DeviceError as error:
        raise DeviceError(f"{error.sentence} {COPY_RUN}", error.received) from error


def mark_failed(run: Run, reason: str) -> None:
    """Writes the last event of a run that could not begin."""
    run.queued_path.unlink(missing_ok=True)  # first: if the disk is full, the run is not tried again
    with suppress(RunError, OSError):
        file = EventFile(run.events_path)
        try:
            file.append(RunEnded(FAILED, reason, time.time(), epochs=0))
        finally:
            file.close()
