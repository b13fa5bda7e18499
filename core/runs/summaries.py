"""A summary of the events of each run, saved beside them, so that hundreds of runs open quickly.

runs/<id>/summary.json   first and last event and every epoch, with size and time of the events file it comes from
          curve.npy      float32 (5, up to 512): step, epoch, seconds, loss and accuracy during training, thinned

A run that still trains is read at every call; a run that has ended is read once.
"""

import io
import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from core.files import read_json, suppress_disk_errors, write_atomic
from core.runs.curves import Curves
from core.runs.events import BatchDone, EpochDone, RunEnded, Started, checked_event
from core.runs.file_names import CURVE, MAX_BYTES, SUMMARY
from core.runs.store import Run
from core.untrusted import load_array

POINTS = 512
MAX_CURVES_IN_MEMORY = 200  # of 10 kB each
MAX_GROWING = 20  # runs that train
FRESH_SECONDS = 1.0
_VERSION = 1
_EPOCH = [field.name for field in fields(EpochDone)]


@dataclass(frozen=True)
class Summary:
    """The last start of a run, the epochs that count, and its last event."""

    started: Started | None = None
    epochs: tuple[EpochDone, ...] = ()
    ended: RunEnded | None = None

    @property
    def validation(self) -> list[float]:
        """Validation accuracy after each epoch that has one."""
        return [epoch.validation_accuracy for epoch in self.epochs if epoch.validation_accuracy is not None]

    @property
    def best_validation(self) -> float | None:
        return max(self.validation, default=None)

    @property
    def last_validation(self) -> float | None:
        return self.validation[-1] if self.validation else None

    @property
    def saved_validation(self) -> float | None:
        """Validation accuracy of the saved network: that of the last epoch, or of the epoch that patience chose."""
        best = self.ended.best_epoch if self.ended else None
        chosen = (epoch.validation_accuracy for epoch in self.epochs if epoch.epoch == best)
        return next(chosen, self.last_validation)

    @property
    def seconds(self) -> float:
        """Time of training, with validation."""
        if self.ended and self.ended.fit_seconds:
            return self.ended.fit_seconds
        return self.epochs[-1].seconds if self.epochs else 0.0


@dataclass(frozen=True, eq=False)
class Curve:
    """Loss and accuracy during training: float32 (points,) each; `epoch` is fractional."""

    step: np.ndarray
    epoch: np.ndarray
    seconds: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray


class Summaries:
    """The summaries of all runs: from memory or disk while the events are the same, otherwise made again."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[list[int], Summary]] = {}
        self._curves: dict[Path, tuple[list[int], Curve, float]] = {}
        self._growing: dict[Path, Curves] = {}  # of the runs that train: read on, and not again from the beginning

    def get(self, run: Run) -> Summary:
        stamp = _stamp(run)
        known = self._known.get(run.folder)
        if known is None or known[0] != stamp:
            known = (stamp, _read_saved(run, stamp) or _summarise(run, stamp))
            self._known[run.folder] = known
        return known[1]

    def curve(self, run: Run) -> Curve:
        """Loss and accuracy during training, as at most 512 means. While it trains, it may be `FRESH_SECONDS` old."""
        stamp, now = _stamp(run), time.monotonic()
        known = self._curves.get(run.folder)
        is_old = known is None or now - known[2] > FRESH_SECONDS or self.get(run).ended is not None
        if known is None or (known[0] != stamp and is_old):
            known = self._curves[run.folder] = (stamp, self._read_curve(run), now)
            if len(self._curves) > MAX_CURVES_IN_MEMORY:
                self._curves.pop(next(iter(self._curves)), None)
        return known[1]

    def _read_curve(self, run: Run) -> Curve:
        path = run.folder / CURVE
        is_complete = self.get(run).ended is not None and not run.shipped
        if is_complete and _is_newer(path, run.events_path):
            with suppress(OSError, ValueError, TypeError, EOFError):
                return _checked_curve(load_array(path, MAX_BYTES[CURVE]))
        growing = self._growing.setdefault(run.folder, Curves(run))
        curve = _curve_of(growing.refresh())
        if is_complete or len(self._growing) > MAX_GROWING:
            self._growing.pop(run.folder, None)
        if is_complete:
            content = io.BytesIO()
            np.save(content, np.stack([curve.step, curve.epoch, curve.seconds, curve.loss, curve.accuracy]))
            with suppress_disk_errors():
                write_atomic(path, content.getvalue(), durable=False)
        return curve


def _is_newer(path: Path, than: Path) -> bool:
    try:
        return path.stat().st_mtime_ns > than.stat().st_mtime_ns
    except OSError:
        return False


def _stamp(run: Run) -> list[int]:
    try:
        status = os.stat(run.events_path)
    except OSError:
        return [_VERSION, 0, 0]
    return [_VERSION, status.st_size, status.st_mtime_ns]


def _read_saved(run: Run, stamp: list[int]) -> Summary | None:
    facts = read_json(run.folder / SUMMARY)
    if not isinstance(facts, dict) or facts.get("stamp") != stamp:
        return None
    try:
        return Summary(
            _event(Started, facts["started"]),
            tuple(checked_event(EpochDone, dict(zip(_EPOCH, each, strict=True))) for each in facts["epochs"]),
            _event(RunEnded, facts["ended"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _checked_curve(rows: np.ndarray) -> Curve:
    if rows.dtype != np.float32 or rows.ndim != 2 or len(rows) != 5 or rows.shape[1] > POINTS:
        raise ValueError("not a curve")
    return Curve(*rows)


def _summarise(run: Run, stamp: list[int]) -> Summary:
    summary = Summary(run.started, tuple(run.epochs), run.ended)
    if summary.ended is not None and not run.shipped:
        facts = {
            "stamp": stamp,
            "started": summary.started and asdict(summary.started),
            "epochs": [list(asdict(epoch).values()) for epoch in summary.epochs],
            "ended": asdict(summary.ended),
        }
        with suppress_disk_errors():
            write_atomic(run.folder / SUMMARY, json.dumps(facts).encode(), durable=False)
    return summary


def _event(kind: type, values: dict[str, Any] | None) -> Any:
    return None if values is None else checked_event(kind, values)


def _curve_of(seen: Curves) -> Curve:
    per_epoch = seen.started.batches if seen.started else 1
    points = seen.batches
    if first := seen.untrained:
        points = [BatchDone(0, 1, 0, first.seconds, first.loss, first.accuracy, 0.0), *points]
    rows = np.array(
        [[b.step, b.epoch - 1 + b.batch / per_epoch, b.seconds, b.loss, b.accuracy] for b in points], np.float64
    ).reshape(-1, 5)
    return Curve(*thin(rows, POINTS).T.astype(np.float32))


def thin(rows: np.ndarray, most: int) -> np.ndarray:
    """At most `most` rows: means over pieces of nearly equal length, each placed at the end of its piece. (n, 5)."""
    if len(rows) <= most:
        return rows
    edges = np.linspace(0, len(rows), most + 1).astype(np.int64)
    means = np.add.reduceat(rows, edges[:-1], axis=0) / np.diff(edges)[:, None]
    means[:, :3] = rows[edges[1:] - 1, :3]
    return means
