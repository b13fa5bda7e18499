"""The runs that wait for a device, in the order in which they will train."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence

from core.files import explain_disk_errors, write_json
from core.jobs.places import Place
from core.runs.control import ControlRequests
from core.runs.file_names import QUEUED
from core.runs.store import WAITING, Run, RunStore

MAX_PAUSE_SECONDS = 60.0  # after this, a paused run gives its device to others: it must not stop a whole class
MAX_ADDRESSES = 1000  # those of runs that have ended are forgotten when there are more
MAX_STOP_SECONDS = 300.0  # after this, a run that does not follow a Stop is killed; saving a large network takes long
HANGING_LOOK_SECONDS = 5.0
RELEASE_SECONDS = 5.0  # for a worker to release a run that it may not train


class RunQueue:
    """The queue of a store: each waiting run has a file `queued` in its folder, so all processes see the same."""

    def __init__(self, store: RunStore, place: Place) -> None:
        self.store, self.place = store, place
        self.turns_per_address = 0  # runs of one network address that come before other addresses; 0: no limit
        self.addresses: dict[str, str] = {}  # run → network address; only in memory, so that no file names them
        self._begun: dict[str, tuple[Run, float]] = {}  # runs that began, and when; see `_taken_turns`
        self._stopped_since: dict[str, float] = {}  # runs that were asked to stop, and when that was first seen
        self._next_look = 0.0  # for runs that hang
        self._blocking_since: dict[str, float] = {}  # paused runs that others wait for, and when that was first seen

    def waiting(self) -> list[Run]:
        active = self.store.active()
        waiting = [run for run in active if run.state == WAITING]
        taken = self._taken_turns(waiting, [run for run in active if run.state != WAITING])
        ordered = fair_order(waiting, [run.starter for run in taken])
        return share_by_address(ordered, taken, self.addresses, self.turns_per_address)

    def running(self) -> list[Run]:
        return [run for run in self.store.active() if run.state != WAITING]

    def due(self) -> list[tuple[Run, str]]:
        """The runs that can start now, and in which slot: in their order, as many as there is room for."""
        free, due = self.place.free(), []
        waiting = self.waiting()
        self._remember_begun(waiting)
        for run in waiting:
            if self.place.has(run.id):
                continue  # its process has not taken it yet
            slot = next((slot for slot in self.place.slots(run.config) if free.get(slot, 0) > 0), None)
            if slot is not None:  # else later runs find no room either, whoever started them
                free[slot] -= 1
                due.append((run, slot))
                self._begun[run.id] = run, time.time()
        return due

    def _remember_begun(self, waiting: list[Run]) -> None:
        """Remembers the runs that train, also those of other servers, and forgets those before all that wait."""
        since = _oldest(waiting)
        self._begun = {run_id: (run, at) for run_id, (run, at) in self._begun.items() if at >= since}
        for run in self.running() if waiting else ():
            self._begun.setdefault(run.id, (run, time.time()))

    def _taken_turns(self, waiting: list[Run], training: list[Run]) -> list[Run]:
        """The runs that train, and those that began while one of the `waiting` waited and have ended since.

        Else one device would train all runs of somebody who queued many, before those of anybody who came a little
        later: whenever it is free, nobody trains.
        """
        still_waiting, since = {run.id for run in waiting}, _oldest(waiting)
        begun = {run.id: run for run, at in list(self._begun.values()) if at >= since}
        taken = {**begun, **{run.id: run for run in training}}
        return [run for run in taken.values() if run.id not in still_waiting]

    def remember(self, run: Run, address: str) -> None:
        """Keeps the network address from which a run was started; empty if it is unknown."""
        active = {other.id for other in self.store.active()} if len(self.addresses) > MAX_ADDRESSES else set()
        if active:
            self.addresses = {run_id: kept for run_id, kept in self.addresses.items() if run_id in active}
        if address:
            self.addresses[run.id] = address

    def add(self, run: Run, *, step: bool = False, address: str = "") -> None:
        """Lets a run wait for its device; `step`: it trains one epoch and pauses."""
        self.remember(run, address)
        requests = ControlRequests(run)
        requests.clear()
        if step:
            requests.step()
        with explain_disk_errors(run.folder):
            write_json(run.queued_path, time.time())

    def remove(self, run: Run) -> bool:
        """Takes a run out of the queue; False if a worker has taken it already. A new run goes to the trash."""
        try:
            run.queued_path.unlink()
        except FileNotFoundError:
            return False
        if run.started is None:
            self._move_to_trash(run)
        return True

    def blocked_by(self, run: Run) -> list[Run]:
        """The waiting runs of other visitors for the device of this run. A visitor's own runs can wait."""
        held = self.place.slot_of(run)
        slots = {held} if held else set(self.place.slots(run.config))
        return [
            other
            for other in self.waiting()
            if other.starter != run.starter and slots.intersection(self.place.slots(other.config))
        ]

    def stop_long_pauses(self) -> None:
        """Stops paused runs for whose device others have waited long enough. The pause may have begun before."""
        now, blocking = time.monotonic(), {}
        for run in self.running():
            since = run.paused_since
            if since is None or not (others := self.blocked_by(run)):
                continue
            blocking[run.id] = first_seen = self._blocking_since.get(run.id, now)
            waited_from = min(other.queued_since or since for other in others)
            # The second clock is never set back.
            if max(time.time() - max(since, waited_from), now - first_seen) > MAX_PAUSE_SECONDS:
                ControlRequests(run).yield_device()
        self._blocking_since = blocking

    def kill_those_that_hang(self) -> None:
        """Ends runs that have not followed a Stop: their process hangs, or their machine does not answer."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + HANGING_LOOK_SECONDS
        stopped = {run.id: run for run in self.running() if ControlRequests(run).read().get("stop")}
        self._stopped_since = {run_id: self._stopped_since.get(run_id, now) for run_id in stopped}
        for run_id, since in self._stopped_since.items():
            if now - since > MAX_STOP_SECONDS:
                self.place.kill(stopped[run_id])

    def _move_to_trash(self, run: Run) -> None:
        deadline = time.monotonic() + RELEASE_SECONDS
        while run.holder is not None and time.monotonic() < deadline:
            time.sleep(0.01)  # a worker that came too late is just releasing it
        self.store.delete(run.id)
        # A restored run waits again. The file is written only now: earlier, that worker would have taken the run.
        write_json(self.store.trash / run.id / QUEUED, run.created)


def _oldest(waiting: list[Run]) -> float:
    """When the first of them was queued; later than any time if there are none."""
    return min((run.queued_since or 0.0 for run in waiting), default=float("inf"))


def fair_order(waiting: list[Run], busy: list[str]) -> list[Run]:
    """Everybody's first run before anybody's second. `busy`: the starter of each run that has taken a turn already."""
    turns = Counter(busy)
    ordered = []
    for run in sorted(waiting, key=lambda run: (run.queued_since or 0.0, run.id)):
        ordered.append((turns[run.starter], run))
        turns[run.starter] += 1
    return [run for _, run in sorted(ordered, key=lambda pair: pair[0])]


def share_by_address(ordered: list[Run], taken: Sequence[Run], addresses: Mapping[str, str], turns: int) -> list[Run]:
    """The same order, in which one network address gets at most so many `turns` in each round of turns.

    taken: the runs that have taken a turn already.

    Whoever forges many cookies has many visitors' turns, but one address. Runs without a known address keep theirs.
    """
    if not turns:
        return ordered
    used = Counter(addresses[run.id] for run in taken if run.id in addresses)
    rounds = Counter(run.starter for run in taken)
    keyed = []
    for run in ordered:
        own_round, address = rounds[run.starter], addresses.get(run.id)
        rounds[run.starter] += 1
        if address:
            own_round = max(own_round, used[address] // turns)
            used[address] += 1
        keyed.append((own_round, run))
    return [run for _, run in sorted(keyed, key=lambda pair: pair[0])]
