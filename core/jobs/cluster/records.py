"""What the dashboard and the bridge tell each other, as files: so both can be killed and started again.

DIGIT_LAB_HOME/cluster/
    settings.json    the cluster that is used (`settings`)
    lock             held by the bridge while it lives
    wanted           its time says when a dashboard was last there
    runs/<id>.json   a run that was sent to the cluster, and where it is (`Record`)
    status.json      the nodes, written by the bridge (`Status`)
    name             names the actors of this home, so that two homes can share a cluster
    bridge.log       what the bridge printed last
"""

import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from core.files import Lock, exclusive, explain_disk_errors, read_json, write_json
from core.jobs import slots
from core.jobs.cluster import settings
from core.jobs.places import CPU, GPU, Device
from core.runs.trash import RUN_ID
from core.untrusted import number, text, whole

SENT, PLACED, KILL, LOST, REQUEUED = "sent", "placed", "kill", "lost", "requeued"
HOLDS_A_DEVICE = (SENT, PLACED, KILL)
WANTED_SECONDS = 30.0  # after this without a dashboard, a bridge without runs ends


@dataclass(frozen=True)
class Record:
    """A run on the cluster. losses: how often its node was lost since a visitor started it."""

    run_id: str
    state: str  # SENT, PLACED, KILL, LOST or REQUEUED
    kind: str  # CPU or GPU
    actor: str = ""  # its name, once there is one
    losses: int = 0


@dataclass(frozen=True)
class Status:
    """The cluster as the bridge saw it last.

    usage: of the device of each run, as in `devices.Usage`. warning: a sentence for its operator; runs train anyway.
    """

    error: str = ""  # a sentence: why nothing can be started there
    devices: tuple[Device, ...] = ()
    usage: dict[str, dict[str, Any]] = field(default_factory=dict)
    warning: str = ""

    def capacity(self, kind: str = "") -> int:
        """How many runs train at a time on devices of this kind; on all if it is empty."""
        return sum(device.capacity for device in self.devices if kind in ("", device.kind))


class Records:
    """The files in the folder `cluster` of a home."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "cluster"
        self._runs = self.folder / "runs"
        with explain_disk_errors(self._runs):
            self._runs.mkdir(parents=True, exist_ok=True)

    @property
    def lock(self) -> Lock:
        return Lock(self.folder / "lock")

    def name(self) -> str:
        """The name of this home on the cluster."""
        path = self.folder / "name"
        with exclusive(self.folder / ".name.lock"):
            name = read_json(path)
            if not isinstance(name, str) or not name.startswith("digit-lab-"):
                write_json(path, name := f"digit-lab-{secrets.token_hex(8)}")
        return name

    def want(self) -> None:
        """A dashboard is there."""
        (self.folder / "wanted").touch()

    def is_wanted(self) -> bool:
        with suppress(OSError):
            return time.time() - (self.folder / "wanted").stat().st_mtime < WANTED_SECONDS
        return False

    def all(self) -> list[Record]:
        """Every run that was sent and has not ended."""
        ids = (path.stem for path in self._runs.glob("*.json") if RUN_ID.fullmatch(path.stem))
        return [record for run_id in sorted(ids) if (record := self.get(run_id))]

    def get(self, run_id: str) -> Record | None:
        facts = read_json(self._path(run_id))
        try:
            kind = GPU if facts["kind"] == GPU else CPU
            return Record(
                run_id, text(facts["state"], 10), kind, text(facts["actor"], 100), whole(facts["losses"], 0, 100)
            )
        except (KeyError, TypeError, ValueError):
            return None

    def write(self, record: Record) -> None:
        """Raises `RunError` on a full disk."""
        write_json(self._path(record.run_id), asdict(record))

    def change(self, run_id: str, **facts: Any) -> None:
        """Changes a record, if there is one."""
        if record := self.get(run_id):
            self.write(replace(record, **facts))

    def remove(self, run_id: str) -> None:
        self._path(run_id).unlink(missing_ok=True)

    def status(self) -> Status:
        """What the bridge wrote last; a bridge that has ended may have left it."""
        facts = read_json(self.folder / "status.json")
        try:
            devices = tuple(_device(device) for device in facts["devices"][:1000])
            return Status(
                text(facts["error"], 1000), devices, dict(facts["usage"]), text(facts.get("warning", ""), 1000)
            )
        except (KeyError, TypeError, ValueError):
            return Status()

    def write_status(self, status: Status) -> None:
        write_json(self.folder / "status.json", asdict(status))

    def _path(self, run_id: str) -> Path:
        return self._runs / f"{run_id}.json"


def count_by_kind(records: Iterable[Record]) -> dict[str, int]:
    """How many runs hold or wait for a device of each kind."""
    kinds = [record.kind for record in records if record.state in HOLDS_A_DEVICE]
    return {kind: kinds.count(kind) for kind in (CPU, GPU)}


def runs_at_a_time(home: Path, device: str) -> int:
    """How many runs with this value of the knob `device` train at a time: on the cluster, if one is chosen."""
    if settings.load(home):
        return max(1, Records(home).status().capacity())  # one until it answers
    return sum(slot.capacity for slot in slots.slots_for(device))


def _device(facts: dict[str, Any]) -> Device:
    return Device(
        text(facts["node"], 100),
        GPU if facts["kind"] == GPU else CPU,
        text(facts["name"], 100),
        int(number(facts["capacity"], 0, 100_000)),
        tuple(text(run, 60) for run in facts["runs"]),
    )
