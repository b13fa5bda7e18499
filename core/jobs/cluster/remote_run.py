"""Runs on a node, one at a time: the unchanged worker trains them in a home of its own; what it writes is passed on.

An actor trains one run; after it, if the queue has another seed of it, that one (`kept_actors`).

`ray_cluster` makes an actor of it. It does not know Ray, so that tests can use it without a cluster.
"""

import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.devices import computing, gpus
from core.devices.computing import Usage, usage
from core.files import Lock, write_atomic, write_json
from core.jobs.cluster import node_data
from core.jobs.cluster.outbox import Batch, Outbox
from core.jobs.cluster.travelling import Piece, may_travel
from core.jobs.cluster.worker_process import WorkerProcess
from core.jobs.places import GPU
from core.process_settings import CPU_ONLY
from core.runs import file_names

WAIT_SECONDS = 0.2  # how long an exchange waits for news: so long a request of a visitor may take as well
BATCH_SECONDS = 0.1  # at least, between two batches of events
_USAGE_SECONDS = 1.0
_LEFT_OVER_SECONDS = 60.0  # a younger folder may be of a run that is just beginning
_PREFIX = "digit-lab-run-"


@dataclass(frozen=True)
class Assignment:
    """What a node needs to train a run, beside the pieces of its files."""

    run_id: str
    facts: bytes  # run.json
    events: bytes  # events.jsonl: those of an earlier training
    control: bytes  # control.json; empty if nobody asked for anything
    names: dict[str, int]  # files whose names the node must know, and their times
    fingerprint: str  # of the dashboard's data set
    kind: str  # CPU or GPU
    node: str  # how pages name the machine
    threads: int = 0  # of a run on a CPU; 0: as many as the machine has cores
    runs_per_gpu: int = 1  # how many runs share a GPU
    then_wait: bool = False  # the worker waits for another seed when the run has ended


@dataclass(frozen=True)
class Reply:
    """What an exchange gives back. ended: the worker has ended the run and everything was sent."""

    batch: Batch
    ended: bool
    usage: dict[str, Any] = field(default_factory=dict)


class RemoteRun:
    """One run at a time on this node. command: starts the worker."""

    def __init__(self, command: Sequence[str] = ()) -> None:
        _remove_left_over()
        self.home = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._owner = Lock(self.home / "owner.lock")
        self._owner.acquire({"pid": os.getpid()})
        self._worker = WorkerProcess(command)
        self._given: Assignment | None = None
        self._outbox: Outbox | None = None
        self._beginning = threading.Lock()
        self._answered: tuple[int, Reply] | None = None
        self._usage: Usage | None = None
        self._usage_at = self._sent_at = 0.0
        self._control = b""

    def hello(self) -> dict[str, str]:
        """Facts about this node."""
        return {"host": socket.gethostname()}

    def receive(self, run_id: str, pieces: Sequence[Piece]) -> None:
        """Writes pieces of the files that the run needs to continue."""
        for piece in pieces:
            if not may_travel(piece.name):
                raise ValueError(piece.name)
            path = self.home / "runs" / run_id / piece.name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb" if piece.start == 0 else "r+b") as file:
                file.seek(piece.start)  # a call that is repeated writes the same bytes
                file.write(piece.content)
            if piece.is_last:
                os.utime(path, ns=(piece.changed, piece.changed))

    def begin(self, given: Assignment) -> str:
        """Lets the worker train. Returns a sentence if the run cannot train here, else an empty text.

        A worker that waits after another seed of the run goes on; its environment is that of the first run. A bridge
        that got no answer calls it again.
        """
        with self._beginning:
            has_begun = self._outbox is not None and self._outbox.folder.name == given.run_id
            return "" if has_begun else self._begin(given)

    def _begin(self, given: Assignment) -> str:
        self._outbox, self._answered, self._control, self._given = None, None, b"", given
        self._remove_other_runs(given.run_id)
        node_data.share_home(self.home)
        folder = self._prepare(given)
        if refusal := node_data.refusal(given.fingerprint):
            return refusal
        self._usage_now()  # the share of the CPU that is busy is measured from one call to the next
        environment = {"DIGIT_LAB_HOME": str(self.home), "DIGIT_LAB_NODE": given.node, **_device_environment(given)}
        if self._worker.train(given.run_id, folder / file_names.LOG, environment, then_wait=given.then_wait):
            self._outbox = Outbox(folder, given.names)
            return ""
        return f"No training process could be started on {given.node}. Free memory there, then resume."

    def attach(self, run_id: str, names: dict[str, int]) -> bool:
        """Another bridge follows this run; False if it has not begun. names: as in `Assignment`."""
        if self._outbox is None or self._outbox.folder.name != run_id:
            return False
        self._outbox, self._answered = Outbox(self._outbox.folder, names), None
        return True

    def exchange(self, number: int, offset: int, control: bytes) -> Reply:
        """Passes a visitor's requests to the worker and waits a moment for news.

        number: of this call; a call that is repeated gets the same reply. offset: the bytes of events that the
        dashboard has. control: the content of control.json.
        """
        if self._answered and self._answered[0] == number:
            return self._answered[1]
        outbox = self._outbox
        assert outbox is not None, "the run has not begun"
        if control and control != self._control:
            self._control = control
            write_atomic(outbox.folder / file_names.CONTROL, control, durable=False)
        deadline = time.monotonic() + WAIT_SECONDS
        earliest = self._sent_at + BATCH_SECONDS
        while time.monotonic() < min(deadline, earliest) or (
            outbox.size() <= offset and self._is_working() and time.monotonic() < deadline
        ):
            time.sleep(0.02)
        is_working = self._is_working()  # before the files are read: a worker that has ended writes nothing more
        batch = outbox.collect(offset, with_log=not is_working)
        self._sent_at = time.monotonic()
        everything = batch.complete and offset + len(batch.events) >= outbox.size()
        reply = Reply(batch, ended=not is_working and everything, usage=self._usage_now())
        self._answered = number, reply
        return reply

    def end(self) -> None:
        """Kills the worker, if it lives, and removes the files of the run from this node."""
        self._worker.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def _prepare(self, given: Assignment) -> Path:
        folder = self.home / "runs" / given.run_id
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file_names.FACTS).write_bytes(given.facts)
        (folder / file_names.EVENTS).write_bytes(given.events)
        if given.control:
            (folder / file_names.CONTROL).write_bytes(given.control)
        for name, changed in given.names.items():
            path = folder / name
            if may_travel(name) and not path.exists():  # only its name counts
                path.parent.mkdir(exist_ok=True)
                path.touch()
                os.utime(path, ns=(changed, changed))
        write_json(folder / file_names.QUEUED, time.time())
        return folder

    def _remove_other_runs(self, run_id: str) -> None:
        """Removes what earlier runs of this actor left: the dashboard has it."""
        for folder in (self.home / "runs").glob("*"):
            if folder.name != run_id:
                shutil.rmtree(folder, ignore_errors=True)

    def _is_working(self) -> bool:
        """Whether the worker has not ended the run. One that waits afterwards has released the run's lock."""
        if not self._worker.is_alive or self._given is None:
            return False
        if not self._given.then_wait:
            return True
        folder = self.home / "runs" / self._given.run_id
        return (folder / file_names.QUEUED).exists() or Lock(folder / file_names.LOCK).holder() is not None

    def _usage_now(self) -> dict[str, Any]:
        if time.monotonic() - self._usage_at > _USAGE_SECONDS:
            self._usage_at = time.monotonic()
            present = gpus.gpus() if self._given and self._given.kind == GPU else ()
            self._usage = usage(present[0] if present else None)
        return asdict(self._usage) if self._usage else {}


def _device_environment(given: Assignment) -> dict[str, str]:
    """What a worker reads about its device."""
    if given.kind == GPU:
        return {computing.GIVEN_GPU: _given_gpu(), **computing.memory_share(given.runs_per_gpu)}
    threads = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"), str(given.threads))
    return {**CPU_ONLY, **(threads if given.threads else {})}  # a GPU of this node may train another run


def _given_gpu() -> str:
    """The name of the GPU that Ray chose, for pages: "gpu:1"; empty if the machine has only one."""
    number = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    return f"gpu:{number}" if number.isdecimal() and gpus.are_several_installed() else ""


def _remove_left_over() -> None:
    """Removes what runs of lost nodes left on this machine."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            status, owner = folder.lstat(), Lock(folder / "owner.lock")
            is_old = status.st_uid == os.getuid() and time.time() - status.st_mtime > _LEFT_OVER_SECONDS
            if is_old and owner.path.exists() and owner.holder() is None:
                shutil.rmtree(folder, ignore_errors=True)
