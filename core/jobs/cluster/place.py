"""The dashboard's side of a cluster: a `Place`. It never imports Ray; it talks with the bridge by files."""

import importlib.util
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from core.config.run_config import RunConfig
from core.devices.computing import Usage
from core.errors import DeviceError
from core.jobs.cluster import settings as cluster_settings
from core.jobs.cluster.records import HOLDS_A_DEVICE, KILL, SENT, Record, Records, Status, count_by_kind
from core.jobs.places import CPU, GPU, Device, Place
from core.jobs.worker_pool import WorkerPool
from core.runs.run import Run
from core.runs.store import RunStore
from core.subprocess_task import child_environment, start_process

BRIDGE_COMMAND = (sys.executable, "-m", "core.jobs.cluster.bridge")
RETRY_SECONDS = 5.0  # between two starts of the bridge
_WANT_SECONDS = 2.0
_MISSING = (
    "A cluster is chosen, but Ray is not installed. Run `pip install -r requirements-ray.txt` and start the dashboard "
    "again, or remove RAY_ADDRESS and cluster_address in server.toml."
)


class ClusterPlace:
    """A Ray cluster. It keeps one bridge process; what that knows is in `Records`."""

    def __init__(self, store: RunStore, address: str = "", command: Sequence[str] = BRIDGE_COMMAND) -> None:
        self.store, self.address, self.command = store, address, command
        self.records = Records(store.home)
        self._bridge: subprocess.Popen[bytes] | None = None
        self._has_warned = False
        self._last_start = self._last_want = -1e9

    def check(self, config: RunConfig) -> None:
        if config.device.startswith("gpu:"):
            raise DeviceError("On a cluster, Ray chooses the GPU of a run. Choose auto, cpu or gpu.", config.device)

    def slots(self, config: RunConfig) -> tuple[str, ...]:
        """With "auto", a free GPU comes first, then a CPU. A run that needs a missing GPU fails with a sentence."""
        status = self.records.status()
        if config.device == CPU or not status.capacity(GPU):
            return (CPU,)
        return (GPU, CPU) if config.device == "auto" else (GPU,)

    def free(self) -> dict[str, int]:
        if self.problem():
            return {}
        status, busy = self.records.status(), count_by_kind(self.records.all())
        return {kind: status.capacity(kind) - busy[kind] for kind in (CPU, GPU)}

    def send(self, run: Run, slot: str) -> None:
        before = self.records.get(run.id)
        if before is None or before.state not in HOLDS_A_DEVICE:
            self.records.write(Record(run.id, SENT, slot, losses=before.losses if before else 0))

    def refresh(self) -> None:
        """Starts the bridge where none lives, for example after it was killed."""
        now = time.monotonic()
        if now - self._last_want > _WANT_SECONDS:
            self._last_want = now
            self.records.want()
        if not self._has_warned and (warning := self.warning()):
            self._has_warned = True
            print(warning, file=sys.stderr, flush=True)  # who started the dashboard reads its terminal
        if self._bridge is not None and self._bridge.poll() is not None:
            self._bridge = None
        is_missing = self._bridge is None and self.records.lock.holder() is None
        if is_missing and now - self._last_start > RETRY_SECONDS and _has_ray():
            self._last_start = now
            self._bridge = self._start()

    def kill(self, run: Run) -> None:
        self.records.change(run.id, state=KILL)

    def has(self, run_id: str) -> bool:
        record = self.records.get(run_id)
        return record is not None and record.state in HOLDS_A_DEVICE

    def forget_failures(self, run_id: str) -> None:
        record = self.records.get(run_id)
        if record and record.state not in HOLDS_A_DEVICE:
            self.records.remove(run_id)

    def expect(self, config: RunConfig | None = None) -> None:
        """No worker waits on the nodes: that would hold a device."""

    def slot_of(self, run: Run) -> str:
        record = self.records.get(run.id)
        return record.kind if record else ""

    def devices(self) -> list[Device]:
        return list(self.records.status().devices) if self.records.lock.holder() is not None else []

    def problem(self) -> str:
        if not _has_ray():
            return _MISSING
        status = self.records.status()
        if self.records.lock.holder() is None:
            return status.error or "The connection to the cluster is being opened."
        return status.error

    def warning(self) -> str:
        return self.records.status().warning if self.records.lock.holder() is not None else ""

    def usage(self, run: Run) -> Usage | None:
        """How busy the device of a run is; None if that is not known."""
        try:
            return Usage(**self.records.status().usage[run.id])
        except (KeyError, TypeError):
            return None

    def close(self) -> None:
        """The bridge ends when its last run has ended and no dashboard is there."""

    def _start(self) -> subprocess.Popen[bytes] | None:
        environment = child_environment(DIGIT_LAB_HOME=str(self.store.home))
        try:
            with (self.records.folder / "bridge.log").open("wb") as log:
                return start_process(self.command, log, environment)
        except OSError as error:
            self.records.write_status(Status(f"The connection to the cluster could not be started: {error.strerror}."))
            return None


def choose(store: RunStore, **options: Any) -> Place:
    """Where runs train: the chosen cluster, else this machine with the `options` of `WorkerPool`.

    Raises `ConfigError` if the cluster's address is wrong.
    """
    chosen = cluster_settings.load(store.home)
    return ClusterPlace(store, chosen.address) if chosen else WorkerPool(store, **options)


def _has_ray() -> bool:
    """Whether Ray is installed; it is not imported."""
    return importlib.util.find_spec("ray") is not None
