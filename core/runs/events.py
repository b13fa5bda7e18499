"""The events of training. Each is one line of a run's `events.jsonl`, which is all that pages read."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.untrusted import number, text, whole

FINISHED, STOPPED, FAILED, INTERRUPTED = "finished", "stopped", "failed", "interrupted"
OUTCOMES = (FINISHED, STOPPED, FAILED)  # written by the run itself; one that ended without is `interrupted`

MAX_LINE = 64 * 1024  # bytes; a longer line is no event
MAX_EPOCH = 100_000
MAX_COUNT = 10**15  # steps, images, parameters
_AT_LEAST_1 = {"batches": MAX_COUNT, "epochs": MAX_EPOCH}  # readers divide by them; a file that says 0 is read as 1
_FINITE = {"time", "seconds", "fit_seconds", "learning_rate"}


@dataclass(frozen=True)
class Started:
    """Training begins, or continues after epoch `from_epoch`, or in the middle of the next epoch."""

    time: float  # seconds since 1970
    device: str  # the device that computes, with its memory: "CPU (2 cores)", "NVIDIA H200 (139 GiB)"
    parameters: int
    train_images: int
    validation_images: int  # 0: no validation
    batches: int  # in an epoch, at least 1; a fine-tuned copy of another network says 1
    epochs: int  # to run in all, at least 1
    from_epoch: int = 0
    source: str = ""  # of the data
    from_step: int = 0  # a stopped run continues after this step; 0: at the beginning of an epoch
    is_next_seed: bool = False  # in the process that has trained another seed: nothing is compiled
    together: int = 1  # how many seeds train in one call, this one among them


@dataclass(frozen=True)
class Untrained:
    """Figures of the network before its first step, measured on up to 500 training and 500 validation images.

    It follows `Started` where a run begins at step 0; runs of earlier versions do not have it.
    """

    seconds: float
    loss: float
    accuracy: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    step: int = 0


@dataclass(frozen=True)
class BatchDone:
    """The batches since the last such event are done. `loss` and `accuracy` are their means, weighted by images."""

    step: int  # batches since the run began, 1-based
    epoch: int  # 1-based
    batch: int  # within the epoch, 1-based
    seconds: float  # of training since the run began, pauses left out
    loss: float
    accuracy: float
    images_per_second: float


@dataclass(frozen=True)
class EpochDone:
    """An epoch is done; its weights are saved if all its numbers are finite. `loss` and `accuracy` are Keras' means."""

    step: int
    epoch: int
    seconds: float
    loss: float
    accuracy: float
    learning_rate: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None


@dataclass(frozen=True)
class RateChanged:
    """A visitor set the learning rate while the run trained."""

    step: int  # after which it was set
    epoch: int  # in which it was set; between two epochs: the next one, as the state saved after the last lacks it
    seconds: float
    learning_rate: float


@dataclass(frozen=True)
class Paused:
    """The run is paused after `step`. It continues with the next event."""

    step: int
    epoch: int
    seconds: float


@dataclass(frozen=True)
class RunEnded:
    """The last event of a run, written after its weights. Test results are None while the test set is sealed."""

    outcome: str  # one of OUTCOMES
    reason: str  # a sentence; empty when finished
    time: float
    epochs: int  # completed
    fit_seconds: float = 0.0
    images_per_second: float = 0.0
    best_epoch: int | None = None  # 1-based; the epoch whose weights the model has, if not the last
    train_accuracy: float | None = None  # of the epoch whose weights the model has
    train_loss: float | None = None
    validation_accuracy: float | None = None
    validation_loss: float | None = None
    test_accuracy: float | None = None
    test_loss: float | None = None


Event = Started | Untrained | BatchDone | EpochDone | RateChanged | Paused | RunEnded
_KINDS: dict[str, type] = {
    kind.__name__: kind for kind in (Started, Untrained, BatchDone, EpochDone, RateChanged, Paused, RunEnded)
}


def to_line(event: Event) -> str:
    """The event as one line of JSON with its newline. A loss that is not finite is written as text."""
    return json.dumps({"event": type(event).__name__, **{k: _plain(v) for k, v in asdict(event).items()}}) + "\n"


def from_line(line: str | bytes) -> Event | None:
    """Reads `to_line` back; None for an event of another version, or for a line that is not an event."""
    if len(line) > MAX_LINE:
        return None
    try:
        values = json.loads(line)
        return checked_event(_KINDS[values.pop("event")], values)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def checked_event(kind: type, values: dict[str, Any]) -> Any:
    """An event of this kind. Raises `ValueError`, `KeyError` or `TypeError` unless every value may be there."""
    checks = _CHECKS[kind]
    return kind(**{name: checks[name](value) for name, value in values.items()})


def _measured(value: Any) -> float:
    """A loss, an accuracy or a speed; a run that diverges writes values that are not finite."""
    if isinstance(value, float) and not math.isfinite(value):
        return value
    return float(value) if value in ("nan", "inf", "-inf") else number(value)


def _outcome(value: Any) -> str:
    if value not in OUTCOMES:
        raise ValueError("not an outcome")
    return str(value)


def _annotation(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _check_for(event: type, name: str, kind: str) -> Callable[[Any], Any]:
    """What a field of an event accepts, from its name and its annotation."""
    if name in _FINITE:
        check: Callable[[Any], Any] = lambda value: number(value, 0, 1e10)  # noqa: E731
    elif name == "outcome":
        check = _outcome
    elif event is Started and name in _AT_LEAST_1:
        check = lambda value: max(1, whole(value, 0, _AT_LEAST_1[name]))  # noqa: E731
    elif kind == "bool":
        check = lambda value: value is True  # noqa: E731
    elif "int" in kind:
        most = MAX_EPOCH if "epoch" in name else MAX_COUNT
        check = lambda value: whole(value, 0, most)  # noqa: E731
    else:
        check = _measured if "float" in kind else lambda value: text(value, 4000)
    return (lambda value: None if value is None else check(value)) if "None" in kind else check


_CHECKS: dict[type, dict[str, Callable[[Any], Any]]] = {
    event: {field.name: _check_for(event, field.name, _annotation(field.type)) for field in fields(event)}
    for event in _KINDS.values()
}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
