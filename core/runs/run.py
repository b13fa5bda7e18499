"""One run, read from its folder."""

from contextlib import suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from core.config.layers import format_layers
from core.config.run_config import RunConfig
from core.data.class_names import DIGITS
from core.files import read_json
from core.runs import gate
from core.runs.events import FINISHED, INTERRUPTED, EpochDone, Event, RateChanged, RunEnded, Started
from core.runs.run_folder import RunFolder
from core.runs.timeline import Timeline, read_events
from core.untrusted import number

WAITING, STARTING, RUNNING, PAUSED = "waiting", "starting", "running", "paused"
ACTIVE = (RUNNING, PAUSED, STARTING, WAITING)
SHIPPED = "shipped"


class Run(RunFolder):
    """One run. Everything that can change while it trains is read from its folder at each call."""

    def __init__(self, folder: Path, facts: dict[str, Any], timeline: Timeline) -> None:
        """Raises `RunError` if the folder holds something else than a run, or `facts` something unexpected."""
        super().__init__(folder)
        self._timeline = timeline
        checked = gate.check_facts(folder, facts)
        self.config = checked.config
        self.recipe, self.name, self.note = checked.recipe, _without_links(checked.name), checked.note
        self.starred, self.baseline = checked.starred, checked.baseline
        self.created = checked.created  # seconds since 1970
        self.sweep, self.starter = checked.sweep, checked.starter
        self.colour_index = checked.colour_index
        self.class_names, self.data_fingerprint = checked.class_names, checked.data_fingerprint
        self.imported = checked.imported  # it came as a file from elsewhere
        self.foreign = checked.foreign  # its layers are in its file alone; the knobs say nothing of them
        self.assignment, self.prediction = checked.assignment, checked.prediction  # made before it trained
        self.forecast_seconds = checked.forecast_seconds  # 0: there was no forecast

    def __repr__(self) -> str:
        return f"Run({self.id}, {self.state}, {self.title!r})"

    @property
    def state(self) -> str:
        """waiting, starting, running, paused, finished, stopped, failed or interrupted."""
        if self.shipped:
            return FINISHED
        if holder := self.holder:
            timeline = self._timeline.refresh()
            if timeline.started_at <= _number(holder.get("after"), 0.0):
                return STARTING
            return PAUSED if timeline.paused else RUNNING
        if self.queued_since is not None:
            return WAITING
        ended = self.ended
        return ended.outcome if ended else INTERRUPTED

    @property
    def shipped(self) -> bool:
        """Whether it is the model that comes with the program; it is read-only."""
        return self.id == SHIPPED

    @property
    def reads_digits(self) -> bool:
        """Whether its ten classes are the digits, and not for example kinds of clothes."""
        return self.class_names == DIGITS

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    @property
    def holder(self) -> dict[str, Any] | None:
        """Facts about the process that trains this run; None if there is none."""
        return self.lock.holder()

    @property
    def queued_since(self) -> float | None:
        """Seconds since 1970; None if it does not wait."""
        since = _number(read_json(self.queued_path), -1.0)
        return None if since < 0 else since

    @property
    def paused_since(self) -> float | None:
        """Seconds since 1970; None if it is not paused."""
        if self.state != PAUSED:
            return None
        with suppress(OSError):
            return self.events_path.stat().st_mtime  # the pause is its last event
        return None

    def events(self, offset: int = 0) -> tuple[list[Event], int]:
        """Every event after byte `offset`, and the offset for the next call."""
        return read_events(self.events_path, offset)

    @property
    def started(self) -> Started | None:
        return self._timeline.refresh().started

    @property
    def epochs(self) -> list[EpochDone]:
        return self._timeline.refresh().epochs

    @property
    def rates(self) -> list[RateChanged]:
        """The learning rates that a visitor set while it trained."""
        return self._timeline.refresh().rates

    @property
    def ended(self) -> RunEnded | None:
        return self._timeline.refresh().ended

    @property
    def step(self) -> int:
        """Batches done."""
        return self._timeline.refresh().step

    @property
    def is_personalised(self) -> bool:
        """Whether it is a fine-tuned copy of another run's network: training with its knobs gives another network."""
        ended = self.ended
        return ended is not None and ended.outcome == FINISHED and self.has_model and not self.epochs

    @property
    def is_opened_network(self) -> bool:
        """Whether it is somebody's `.keras` file: it holds a network, and nobody here knows how it was trained."""
        return self.foreign or (self.imported and self.has_model and self.started is None)

    @property
    def can_continue(self) -> bool:
        """Whether it can train from where it ended. A run that was added has its result alone."""
        return self.resume_point is not None or not self.imported

    @cached_property
    def title(self) -> str:
        """Its name, or its recipe or layers and the time of its creation."""
        if self.name:
            return self.name
        if self.shipped:
            return "First model (came with Digit Lab)"
        return f"{self.recipe or describe(self.config)} · {datetime.fromtimestamp(self.created):%d %b %H:%M:%S}"


def _without_links(name: str) -> str:
    """A name without Markdown links and pictures, also where a page forgets to escape it."""
    return name.replace("](", "] (")


def _number(value: Any, otherwise: float) -> float:
    """A time or a size in a file of the folder; `otherwise` for anything else."""
    with suppress(ValueError):
        return number(value, 0, gate.MAX_TIME)
    return otherwise


def manual_rates(run: Run) -> str:
    """The learning rates that were set while it trained: '0.01 in epoch 17, 0.001 in epoch 20'."""
    return ", ".join(f"{rate.learning_rate:g} in epoch {rate.epoch}" for rate in run.rates)


def describe_rate_changes(run: Run) -> str:
    """Changes while it trained, which its knobs do not show: 'the learning rate was set to 0.01 in epoch 17'."""
    changes = [f"to {rate.learning_rate:g} in epoch {rate.epoch}" for rate in run.rates]
    return f"the learning rate was set {', then '.join(changes)}" if changes else ""


def describe(config: RunConfig) -> str:
    """A config in a few words: layers, optimiser and epochs."""
    epochs = f"{config.epochs} epoch{'s' if config.epochs > 1 else ''}"
    return f"{format_layers(config.layers) or 'softmax alone'} · {config.optimizer} · {epochs}"
