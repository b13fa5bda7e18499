"""What a downloaded run says of itself, checked: config, events, name and note. The file may come from anywhere."""

import csv
import io
import json
import math
import re
import time
from dataclasses import dataclass, fields
from typing import Any

from core.config.run_config import RunConfig
from core.data.class_names import DIGITS, Names, checked_names
from core.errors import DigitLabError, RunError
from core.runs.events import OUTCOMES, EpochDone, Event, RateChanged, RunEnded, Started

RUN_ID = re.compile(r"[0-9]{6}-[0-9]{6}-[0-9a-f]{4}")
_MAX_TEXT = {"name": 80, "title": 80, "note": 2000, "recipe": 40, "reason": 500, "device": 80, "source": 300}
_OPTIONAL = ("validation_loss", "validation_accuracy", "test_loss", "test_accuracy", "train_loss", "train_accuracy")


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

    @property
    def ended(self) -> RunEnded:
        """The last event."""
        ended = self.events[-1]
        assert isinstance(ended, RunEnded)
        return ended


def read_description(files: dict[str, bytes]) -> RunDescription:
    """Raises `RunError` where the files are not those of a run."""
    try:
        facts = json.loads(files["run.json"], parse_constant=_refuse_constant)
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
    if ended.outcome not in OUTCOMES:
        raise _refused("its outcome is unknown")
    rates = [_event(RateChanged, one) for one in list(facts.get("rates_set_by_hand") or ())[:1000]]
    between = sorted([*epochs, *rates], key=lambda event: (event.step, isinstance(event, EpochDone)))
    run_id = facts.get("id")
    data = facts.get("data") or {}
    opened = [_number(at) for at in list(facts.get("test_set_opened") or ())[:100]]
    return RunDescription(
        run_id if isinstance(run_id, str) and RUN_ID.fullmatch(run_id) else "",
        config,
        _text("name", facts["name"] if "name" in facts else facts.get("title", "")),
        _text("note", facts.get("note", "")),
        _text("recipe", facts.get("recipe", "")),
        _number(facts.get("created", started.time if started else time.time())),
        (*([started] if started else []), *between, ended),
        tuple(opened),
        checked_names(data["names"]) if data.get("names") else DIGITS,
        _text("recipe", data.get("fingerprint", "")),
    )


def _epochs(history: str, batches: int) -> list[EpochDone]:
    rows = list(csv.DictReader(io.StringIO(history)))
    if len(rows) > 10_000:
        raise _refused("it has too many epochs")
    values = [{name: float(text) for name, text in row.items() if text} for row in rows]
    epochs = [
        EpochDone(
            step=int(row["epoch"]) * batches,
            **{one.name: row.get(one.name) for one in fields(EpochDone) if one.name not in ("step", "epoch")},  # type: ignore[arg-type]
            epoch=int(row["epoch"]),
        )
        for row in values
    ]
    complete = all(isinstance(one.loss, float) and isinstance(one.seconds, float) for one in epochs)
    in_order = [one.epoch for one in epochs] == sorted({one.epoch for one in epochs})
    if not complete or not in_order or any(not 0 < one.epoch < 100_000 for one in epochs):
        raise _refused("its history.csv does not list epochs")
    return epochs


def _event(kind: type[Any], values: dict[str, Any]) -> Any:
    """An event with values of its fields' types."""
    known = {one.name: one for one in fields(kind)}
    given = {name: value for name, value in values.items() if name != "event"}
    if set(given) - set(known):
        raise _refused(f"an event has unknown values ({', '.join(sorted(set(given) - set(known)))[:60]})")
    return kind(**{name: _value(name, _type_name(known[name].type), value) for name, value in given.items()})


def _type_name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _value(name: str, kind: str, value: Any) -> Any:
    if kind == "str":
        return _text(name, value)
    if value is None and "None" in kind:
        return None
    number = _number(value, finite="loss" not in name)
    if kind.startswith("int"):
        if number != int(number) or not -1 <= number < 2**53:
            raise _refused(f"{name} is no whole number")
        return int(number)
    return number


def _number(value: Any, *, finite: bool = True) -> float:
    if isinstance(value, str) and value in ("nan", "inf", "-inf") and not finite:
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _refused("a figure is no number")
    return float(value)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _refused(f"{name} is no text")
    return "".join(sign for sign in value[: _MAX_TEXT.get(name, 80)] if sign.isprintable() or sign == "\n")


def _unfinished(epochs: list[EpochDone]) -> RunEnded:
    """For a run that was downloaded while it trained, or that was interrupted."""
    last = epochs[-1].epoch if epochs else 0
    return RunEnded("stopped", "It was downloaded before it ended.", time.time(), last)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _refused(reason: str) -> RunError:
    return RunError(f"This file is no run: {reason}. Use the ZIP that Train offers under Download, Everything.")
