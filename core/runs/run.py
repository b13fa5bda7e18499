"""One run, read from its folder."""

from contextlib import suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from core.config.layers import format_layers
from core.config.run_config import RunConfig
from core.data.class_names import DIGITS, Names, checked_names
from core.errors import DataError
from core.files import read_json
from core.runs.events import FINISHED, INTERRUPTED, EpochDone, Event, RateChanged, RunEnded, Started
from core.runs.run_folder import RunFolder
from core.runs.timeline import Timeline, read_events

WAITING, STARTING, RUNNING, PAUSED = "waiting", "starting", "running", "paused"
ACTIVE = (RUNNING, PAUSED, STARTING, WAITING)
SHIPPED = "shipped"


class Run(RunFolder):
    """One run. Everything that can change while it trains is read from its folder at each call."""

    def __init__(self, folder: Path, facts: dict[str, Any], timeline: Timeline) -> None:
        super().__init__(folder)
        self._timeline = timeline
        self.config = RunConfig.from_dict(facts["config"])
        self.recipe: str = str(facts.get("recipe", ""))
        self.name: str = _without_links(str(facts.get("name", "")))
        self.note: str = str(facts.get("note", ""))
        self.starred: bool = bool(facts.get("starred", False))
        self.baseline: bool = bool(facts.get("baseline", False))
        self.created: float = float(facts.get("created", 0.0))  # seconds since 1970
        self.sweep: str = str(facts.get("sweep", ""))
        self.starter: str = str(facts.get("starter", ""))
        self.colour_index: int = int(facts.get("colour", 0))
        self.class_names, self.data_fingerprint = _data_facts(facts.get("data"))
        self.imported: bool = bool(facts.get("imported", False))  # it came as a file from elsewhere
        self.forecast_seconds: float = float(facts.get("forecast_seconds", 0.0))  # 0: there was no forecast

    def __repr__(self) -> str:
        return f"Run({self.id}, {self.state}, {self.title!r})"

    @property
    def state(self) -> str:
        """waiting, starting, running, paused, finished, stopped, failed or interrupted."""
        if self.shipped:
            return FINISHED
        if holder := self.holder:
            timeline = self._timeline.refresh()
            if timeline.started_at <= holder.get("after", 0):
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
        waiting = read_json(self.folder / "queued")
        return float(waiting) if isinstance(waiting, (int, float)) else None

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

    @cached_property
    def title(self) -> str:
        """Its name, or its recipe or layers and the time of its creation."""
        if self.name:
            return self.name
        if self.shipped:
            return "First model (came with Digit Lab)"
        return f"{self.recipe or describe(self.config)} · {datetime.fromtimestamp(self.created):%d %b %H:%M:%S}"


def _data_facts(data: Any) -> tuple[Names, str]:
    """The names of the classes, and the fingerprint of the data set; runs of earlier versions have neither."""
    if not isinstance(data, dict):
        return DIGITS, ""
    try:
        return checked_names(data.get("names")), str(data.get("fingerprint", ""))[:32]
    except DataError:
        return DIGITS, ""


def _without_links(name: str) -> str:
    """A name without Markdown links and pictures: pages write names as Markdown."""
    return name.replace("](", "] (")


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
