"""What a downloaded run says of itself, checked: config, events, name, prediction. The file may come from anywhere."""

import csv
import io
import json
import re
import time
from dataclasses import dataclass, fields
from typing import Any

from core.config.run_config import RunConfig
from core.data.class_names import DIGITS, Names, checked_names
from core.errors import AssignmentError, DigitLabError, RunError
from core.runs.events import EpochDone, Event, RateChanged, RunEnded, Started, checked_event
from core.runs.file_names import FACTS
from core.runs.gate import MAX_FINGERPRINT, MAX_NAME, MAX_NOTE, MAX_RECIPE, MAX_TIME
from core.runs.prediction import Prediction
from core.untrusted import number, text

MAX_EPOCHS = 10_000
_USUAL_ID = re.compile(r"[0-9]{6}-[0-9]{6}-[0-9a-f]{4}")
_COLUMNS = {field.name for field in fields(EpochDone)}


@dataclass(frozen=True)
class RunDescription:
    """Everything about a run except its network."""

    run_id: str  # empty if it has none of the usual form
    config: RunConfig
    name: str
    note: str
    recipe: str
    created: float
    events: tuple[Event, ...]
    test_set_opened: tuple[float, ...] = ()
    class_names: Names = DIGITS
    data_fingerprint: str = ""
    foreign: bool = False  # its network has other layers than those that the knobs describe
    prediction: Prediction | None = None

    @property
    def ended(self) -> RunEnded:
        """The last event."""
        ended = self.events[-1]
        assert isinstance(ended, RunEnded)
        return ended


def read_description(files: dict[str, bytes]) -> RunDescription:
    """Raises `RunError` where the files are not those of a run."""
    try:
        facts = json.loads(files[FACTS], parse_constant=_refuse_constant)
        return _description(facts, files.get("history.csv", b"").decode())
    except RunError:
        raise
    except DigitLabError as error:
        raise _refused(error.sentence.rstrip(".")) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError, csv.Error) as error:
        raise _refused("its run.json or history.csv does not describe a run") from error


def _description(facts: dict[str, Any], history: str) -> RunDescription:
    config = RunConfig.from_dict(facts["knobs"])
    started = _event(Started, facts["started"]) if facts.get("started") else None
    epochs = _epochs(history, started.batches if started else 1)
    ended = _event(RunEnded, facts["ended"]) if facts.get("ended") else _unfinished(epochs)
    rates = [_event(RateChanged, one) for one in list(facts.get("rates_set_by_hand") or ())[:1000]]
    between = sorted([*epochs, *rates], key=lambda event: (event.step, isinstance(event, EpochDone)))
    run_id = facts.get("id")
    data = facts.get("data") or {}
    opened = [number(at, 0, MAX_TIME) for at in list(facts.get("test_set_opened") or ())[:100]]
    return RunDescription(
        run_id if isinstance(run_id, str) and _USUAL_ID.fullmatch(run_id) else "",
        config,
        text(facts["name"] if "name" in facts else facts.get("title", ""), MAX_NAME),
        text(facts.get("note", ""), MAX_NOTE, lines=True),
        text(facts.get("recipe", ""), MAX_RECIPE),
        number(facts.get("created", started.time if started else time.time()), 0, MAX_TIME),
        (*([started] if started else []), *between, ended),
        tuple(opened),
        checked_names(data["names"]) if data.get("names") else DIGITS,
        text(data.get("fingerprint", ""), MAX_FINGERPRINT),
        bool(facts.get("foreign", False)),
        _prediction(facts.get("prediction")),
    )


def _prediction(facts: Any) -> Prediction | None:
    """None for a run of which nothing was asked, and in downloads of earlier versions."""
    try:
        return Prediction.from_facts(facts)
    except (AssignmentError, ValueError) as error:  # the sentences of the former are for the form on Train
        raise _refused("its run.json holds a prediction that nobody can make") from error


def _epochs(history: str, batches: int) -> list[EpochDone]:
    rows = list(csv.DictReader(io.StringIO(history)))
    if len(rows) > MAX_EPOCHS:
        raise _refused("it has too many epochs")
    values = [{name: float(text) for name, text in row.items() if text and name in _COLUMNS} for row in rows]
    epochs = [checked_event(EpochDone, {**row, "step": row["epoch"] * batches}) for row in values]
    if [one.epoch for one in epochs] != sorted({one.epoch for one in epochs} - {0}):
        raise _refused("its history.csv does not list epochs")
    return epochs


def _event(kind: type[Any], values: Any) -> Any:
    """An event of the description, which names its kind too."""
    return checked_event(kind, {name: value for name, value in values.items() if name != "event"})


def _unfinished(epochs: list[EpochDone]) -> RunEnded:
    """For a run that was downloaded while it trained, or that was interrupted."""
    last = epochs[-1].epoch if epochs else 0
    return RunEnded("stopped", "It was downloaded before it ended.", time.time(), last)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _refused(reason: str) -> RunError:
    return RunError(f"This file is no run: {reason}. Use the ZIP that Train offers under Download, Everything.")
