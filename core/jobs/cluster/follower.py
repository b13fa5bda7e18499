"""Follows one run on the cluster: sends it to a node, copies what the node sends, and notices its end or its loss.

While it follows, it holds the run's lock in the dashboard's home, as a local worker does. So all pages know the state.
"""

import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core.data import mnist
from core.data.cache import fingerprint
from core.errors import DigitLabError, RunError
from core.files import read_regular
from core.jobs.cluster import travelling
from core.jobs.cluster.inbox import Inbox
from core.jobs.cluster.interface import ActorLost, Cluster, end_actor
from core.jobs.cluster.records import LOST, PLACED, Record, Records
from core.jobs.cluster.remote_run import Assignment, Reply
from core.jobs.cluster.travelling import Piece
from core.jobs.kept_workers import does_another_seed_wait, may_have_other_seeds
from core.jobs.places import mark_failed
from core.runs import file_names
from core.runs.run import Run
from core.runs.store import RunStore

_SLICE_SECONDS = 0.25  # how long one look at an answer takes, at most
_RETRY_SECONDS = 0.5
_UNREACHABLE_SECONDS = 60.0  # a node that does not answer for so long is lost
NO_DEVICE_SECONDS = 10.0  # an actor starts within some seconds if there is a device for it


class _Withdrawn(Exception):
    """Nobody wants the run to train any more."""


@dataclass
class Follower:
    """One run. `start` returns at once.

    node_name: the name of a node for its id. actor_began: when its actor began to train another seed, after which it
    waits for this one, as `time.monotonic`; 0: the actor is new.
    """

    store: RunStore
    records: Records
    cluster: Cluster
    record: Record
    node_name: Callable[[str], str]
    threads: int = 0  # of a run on a CPU
    runs_per_gpu: int = 1
    actor_began: float = 0.0

    def __post_init__(self) -> None:
        self.is_kept, self._since = self.actor_began > 0.0, time.monotonic()
        self.node, self.usage = "", dict[str, Any]()
        self.killed = self.leaves_actor = False
        self._thread = threading.Thread(target=self._follow_safely, name=self.record.run_id, daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def lacks_device(self) -> bool:
        """Whether its new actor has waited for long: something else uses the devices, for example another home."""
        return not (self.node or self.is_kept) and time.monotonic() - self._since > NO_DEVICE_SECONDS

    def kill(self) -> None:
        """Ends the training at once; the run is then interrupted."""
        if self.killed or not self.is_alive:
            return
        self.killed = True
        self.cluster.kill(self.record.actor)

    def _follow_safely(self) -> None:
        try:
            run = self.store.get(self.record.run_id)
        except RunError:  # it was deleted
            self.records.remove(self.record.run_id)
            end_actor(self.cluster, self.record.actor)
            return
        is_lost = False
        try:
            self._follow(run)
            self.records.remove(run.id)
        except ActorLost:
            is_lost = True
            self._note_loss()
        except _Withdrawn:
            self.records.remove(run.id)
        except Exception as error:  # one run must not end the others
            traceback.print_exc()
            sentence = error.sentence if isinstance(error, DigitLabError) else f"The bridge failed: {error}"
            mark_failed(run, sentence)
            self.records.remove(run.id)
        finally:
            if is_lost or not (self.node or self.is_kept):  # it has no files, or nobody can reach them
                self.cluster.kill(self.record.actor)
            elif not self.leaves_actor:
                end_actor(self.cluster, self.record.actor)

    def _note_loss(self) -> None:
        if self.is_kept and not self.node:
            return  # it was lost while it waited: the bridge starts another one for this run
        print(f"The run {self.record.run_id} was lost with the machine {self.node}.", flush=True)
        if self.killed:
            self.records.remove(self.record.run_id)
        else:
            self.records.change(self.record.run_id, state=LOST, losses=self.record.losses + 1)

    def _follow(self, run: Run) -> None:
        is_new = self.record.state != PLACED
        if is_new and not self.is_kept:
            self.cluster.start(self.record.actor, self.record.kind)
        facts = self._call("hello", go_on=lambda: not is_new or run.queued_path.exists())
        self.node = self.node_name(facts["node"])
        self.actor_began = self.actor_began or time.monotonic()
        lock = run.lock
        # A run that is found again has started, and its first event is somewhere in the file.
        before = Inbox(run).offset if is_new else 0
        holder = {"pid": os.getpid(), "since": time.time(), "after": before, "node": self.node}
        if not lock.acquire(holder):
            raise _Withdrawn  # it trains elsewhere
        try:
            if is_new:
                self._begin(run)
            else:
                run.queued_path.unlink(missing_ok=True)  # somebody resumed it while nobody followed it
                self._attach(run)
            self._copy(run)
            self.leaves_actor = not self.killed and does_another_seed_wait(self.store, run)
        finally:
            lock.release()

    def _attach(self, run: Run) -> None:
        with suppress(TypeError):  # the actor has the program of an earlier bridge
            if self._call("attach", run.id, _names(run)):
                return
        raise ActorLost("it had not begun")

    def _begin(self, run: Run) -> None:
        data = mnist.load()
        expected = fingerprint(data)
        for pieces in _resume_pieces(run):
            self._call("receive", run.id, pieces)
        self.records.change(run.id, state=PLACED, actor=self.record.actor)  # from now on it is found again
        try:
            run.queued_path.unlink()
        except FileNotFoundError:
            raise _Withdrawn from None  # it was cancelled
        assignment = Assignment(
            run.id,
            read_regular(run.facts_path, file_names.MAX_FACTS_BYTES),
            _content(run, file_names.EVENTS),
            _content(run, file_names.CONTROL),
            _names(run),
            expected,
            self.record.kind,
            self.node,
            self.threads,
            self.runs_per_gpu,
            then_wait=may_have_other_seeds(run),
        )
        if refusal := self._call("begin", assignment):
            raise DigitLabError(refusal)
        self.store.write(run.id, data={"fingerprint": expected, "names": list(data.names)})

    def _copy(self, run: Run) -> None:
        """Copies until the worker has ended, and passes on the requests of visitors."""
        inbox, number = Inbox(run), 0
        try:
            while True:
                number += 1
                reply: Reply = self._call("exchange", number, inbox.offset, _content(run, file_names.CONTROL))
                inbox.take(reply.batch)
                self.usage = reply.usage
                if reply.ended:
                    return
        finally:
            inbox.close()

    def _call(self, method: str, *arguments: Any, go_on: Callable[[], bool] = lambda: True) -> Any:
        return _call(self.cluster, self.record.actor, method, arguments, go_on)


def _call(cluster: Cluster, actor: str, method: str, arguments: tuple[Any, ...], go_on: Callable[[], bool]) -> Any:
    """Calls a method of an actor and waits for its answer. Raises `ActorLost`, `_Withdrawn` unless `go_on`."""
    asked, answered_last = None, time.monotonic()
    while True:
        if not go_on():
            raise _Withdrawn
        try:
            asked = asked or cluster.ask(actor, method, *arguments)
            return cluster.answer(asked, _SLICE_SECONDS)
        except TimeoutError:
            continue
        except ConnectionResetError:  # a repeated exchange gets the same reply
            asked = None
            if time.monotonic() - answered_last > _UNREACHABLE_SECONDS:
                raise ActorLost(method) from None
            time.sleep(_RETRY_SECONDS)


def _content(run: Run, name: str) -> bytes:
    with suppress(OSError):
        return read_regular(run.folder / name, travelling.max_bytes(name))
    return b""


def _names(run: Run) -> dict[str, int]:
    """The files of a run whose names a node must know, or whose content it has."""
    return {
        name: changed
        for name, changed in travelling.files(run.folder).items()
        if travelling.is_needed_to_resume(name) or travelling.may_be_removed(name)
    }


def _resume_pieces(run: Run) -> Iterator[tuple[Piece, ...]]:
    """The files from which the run continues, in pieces of at most 8 MiB."""
    for name in travelling.files(run.folder):
        if travelling.is_needed_to_resume(name):
            for piece in travelling.pieces(run.folder, name):
                yield (piece,)
