"""Admission to the queue: whether the limits of the server allow the runs that a visitor asks for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from core.classroom import disk
from core.classroom.limits import Limits, Waiting
from core.classroom.settings import Settings
from core.classroom.visitors import Visitor
from core.config.environment import KEEP_EPOCHS
from core.config.run_config import RunConfig
from core.files import exclusive, explain_disk_errors
from core.jobs import search
from core.jobs.queue import RunQueue
from core.network import forecast
from core.network.architecture import count_parameters
from core.runs.store import RunStore

_BYTES = 4  # of a weight
_OTHER_FILES = 4  # so many times the weights: the model, the state for a resume, the state of a Stop
_MOMENTS_BYTES = 10_000_000


@dataclass(frozen=True)
class Rules:
    """Where the limits come from. settings: the present ones. images: how many training images there are."""

    settings: Callable[[], Settings]
    images: Callable[[], int]


class Admission:
    """Checks what visitors ask for. Without rules, and without a visitor (the command line), all is allowed.

    Stay within `exclusive` from the check until the runs exist: many visitors ask at once.
    """

    def __init__(self, store: RunStore, queue: RunQueue, rules: Rules | None) -> None:
        self.store, self._queue, self._rules = store, queue, rules

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Only one request at a time is checked and carried out, also where several servers share one home."""
        path = self.store.folder / ".admission.lock"
        with explain_disk_errors(path):
            self.store.folder.mkdir(parents=True, exist_ok=True)
            with exclusive(path):
                yield

    def check_size(self, config: RunConfig, seconds: float, visitor: Visitor) -> None:
        """Whether a run of so many seconds may be started, however many wait. Raises `LimitError`."""
        if self._rules is not None and not visitor.is_teacher:
            limits = Limits(self._rules.settings())
            limits.check_config(config)
            limits.check_seconds(seconds)

    def check_runs(self, configs: Sequence[RunConfig], visitor: Visitor | None) -> None:
        """Whether these new runs may wait. Raises `LimitError`."""
        if visitor is None or self._rules is None:
            return
        if not visitor.is_teacher:
            self._check_sizes(Limits(self._rules.settings()), configs)
        self.check_room(configs, visitor)

    def check_may_sweep(self, visitor: Visitor | None) -> None:
        """Whether the visitor may start sweeps at all. Raises `LimitError`."""
        if visitor is not None and self._rules is not None:
            Limits(self._rules.settings()).check_sweep(visitor)

    def check_room(self, configs: Sequence[RunConfig], visitor: Visitor | None) -> None:
        """Whether so many runs may wait, and whether there is disk for them. Raises `LimitError`."""
        if visitor is None or self._rules is None:
            return
        limits = Limits(self._rules.settings())
        if not visitor.is_teacher:
            limits.check_waiting(self._waiting(visitor), len(configs))
        self._check_disk(limits, sum(map(expected_bytes, configs)))

    def check_sweep(self, configs: Sequence[RunConfig], visitor: Visitor, *, trials: int = 0) -> None:
        """Whether the visitor may start this sweep, or a search of so many `trials`. Raises `LimitError`.

        configs: all runs of a sweep; of a search the extreme ones.
        """
        if self._rules is None:
            return
        self.check_may_sweep(visitor)
        limits = Limits(self._rules.settings())
        if not trials:
            self.check_runs(configs, visitor)
            return
        limits.check_searches(search.count_running(self.store))
        if not visitor.is_teacher:
            self._check_sizes(limits, configs)
        self._check_disk(limits, max(map(expected_bytes, configs)) * trials)

    def check_disk(self, needed: int) -> None:
        """Whether there is disk for `needed` bytes of a run that does not wait, such as a copy. Raises `LimitError`."""
        if self._rules is not None:
            self._check_disk(Limits(self._rules.settings()), needed)

    @property
    def turns_per_address(self) -> int:
        """How many runs of one network address come before other addresses; 0: no limit."""
        return int(self._rules.settings()["turns_per_address"]) if self._rules else 0

    def _waiting(self, visitor: Visitor) -> Waiting:
        waiting = self._queue.waiting()
        own = sum(run.starter == visitor.id for run in waiting)
        addresses = self._queue.addresses
        there = sum(addresses.get(run.id) == visitor.address for run in waiting) if visitor.address else 0
        return Waiting(own, there, len(waiting))

    def _check_sizes(self, limits: Limits, configs: Sequence[RunConfig]) -> None:
        assert self._rules is not None
        by_time = bool(limits.settings["longest_seconds"])
        runs, images = (self.store.runs(), self._rules.images()) if by_time else ([], 0)
        for config in configs:
            limits.check_config(config)
        for config in configs if by_time else ():
            there = forecast.training_images(config, images)
            limits.check_seconds(forecast.forecast(config, there, runs).seconds)

    def _check_disk(self, limits: Limits, needed: int) -> None:
        if not limits.disk_bytes:
            return
        needed += sum(expected_bytes(run.config) for run in self.store.active())
        allowed = limits.disk_bytes - needed
        if limits.settings["delete_oldest"] and 0 <= allowed < disk.used(self.store.home):
            disk.make_room(self.store, allowed, keep=lambda run: bool(run.assignment))
        limits.check_disk(disk.used(self.store.home), needed)


def expected_bytes(config: RunConfig) -> int:
    """How much disk a run will take: weights of its epochs, states, moments."""
    weights = count_parameters(config) * _BYTES
    return weights * (min(KEEP_EPOCHS.value, config.epochs) + _OTHER_FILES) + _MOMENTS_BYTES
