"""Sweeps: lists and ranges of values in any knob, with a run for every combination.

sweeps/<id>/sweep.json   the knobs and their values, and whether the sweep was cancelled
            study.log    the trials of a search, in Optuna's format (`core.jobs.search`)
            told.json    the findings of a search so far
"""

import math
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any

from core import untrusted
from core.config.run_config import KNOB_TYPES, KNOBS, RunConfig, read_knob
from core.errors import ConfigError, RunError
from core.files import explain_disk_errors, read_json, write_json
from core.runs.gate import MAX_TIME
from core.runs.store import Run, RunStore

GRID, SEARCH = "grid", "search"
MAX_RUNS = 200
MAX_AXIS_TEXT = 2000  # characters
_NUMBER = r"[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\s*(?:-|–|to|\.\.)\s*({_NUMBER})(?:\s*(?:by|step)\s*({_NUMBER}))?", re.IGNORECASE)
_ID = re.compile(r"[0-9]{6}-[0-9]{6}-[0-9a-f]{4}")


@dataclass(frozen=True)
class Axis:
    """The values of one knob in a sweep; in a search, any value between two bounds."""

    knob: str
    text: str  # as the visitor wrote it
    values: tuple[Any, ...]
    bounds: tuple[float, float] | None = None  # where the text is one range without a step


def read_axis(knob: str, text: str) -> Axis:
    """Reads `64, 128, 256`, `1-5`, `0.0001 to 0.1` or `0-0.4 by 0.1`. Raises `ConfigError` for any other text.

    A range means every whole number in it. For a knob on a log scale it means the powers of two (or ten) in it.
    """
    if len(text) > MAX_AXIS_TEXT:
        raise ConfigError(f"Values to try may have {MAX_AXIS_TEXT:,} characters. Write a range instead.", len(text))
    pieces = [piece.strip() for piece in text.split(",") if piece.strip()]
    if not pieces:
        raise ConfigError(
            f"{KNOBS[knob].label} needs values to try. Write a list (64, 128, 256) or a range (1-5).", received=text
        )
    ranges = [_parse_range(knob, piece) for piece in pieces]
    values = [
        value
        for piece, found in zip(pieces, ranges, strict=True)
        for value in (_range_values(knob, *found) if found else [read_knob(knob, piece)])
    ]
    single = ranges[0] if len(ranges) == 1 else None
    bounds = (single[0], single[1]) if single and single[2] is None else None
    return Axis(knob, text.strip(), tuple(dict.fromkeys(values)), bounds)


def combinations(base: RunConfig, axes: Iterable[Axis]) -> list[RunConfig]:
    """`base` with every combination of the axes' values, each config once. Raises `ConfigError` for over 200 runs."""
    axes = list(axes)
    size = math.prod(len(axis.values) for axis in axes)
    if size > MAX_RUNS:
        raise ConfigError(
            f"A sweep has at most {MAX_RUNS} runs. These values make {size:,} combinations. "
            "Try fewer values, or use a search, which chooses among them.",
            received=f"{size:,} combinations",
        )
    names = [axis.knob for axis in axes]
    every = product(*(axis.values for axis in axes))
    return list(dict.fromkeys(base.changed(**dict(zip(names, values, strict=True))) for values in every))


@dataclass(frozen=True)
class Sweep:
    """One sweep, read from its folder. Its runs are those that name it."""

    folder: Path
    kind: str  # GRID or SEARCH
    base: RunConfig
    axes: tuple[Axis, ...]
    trials: int  # runs in all
    prune: bool
    name: str
    starter: str
    created: float
    stopped: bool

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def title(self) -> str:
        what = " × ".join(f"{KNOBS[axis.knob].label.lower()} {axis.text}" for axis in self.axes)
        return self.name or f"{'Search' if self.kind == SEARCH else 'Sweep'}: {what}"

    @property
    def findings(self) -> dict[str, Any]:
        """The findings of a search so far: `pruned` (ids), `importance` (shares), `judged_after` (epoch), `ended`."""
        findings = read_json(self.folder / "told.json")
        try:
            return _checked_findings(findings)
        except (TypeError, ValueError, AttributeError):
            return {}

    def runs(self, runs: Iterable[Run]) -> list[Run]:
        """Those of `runs` that belong to it, oldest first."""
        return sorted((run for run in runs if run.sweep == self.id), key=lambda run: run.created)


class SweepStore:
    """All sweeps below the home of a `RunStore`."""

    def __init__(self, store: RunStore) -> None:
        self.store, self.folder = store, store.home / "sweeps"

    def create(
        self,
        kind: str,
        base: RunConfig,
        axes: Iterable[Axis],
        *,
        trials: int = 0,
        prune: bool = False,
        name: str = "",
        starter: str = "",
    ) -> Sweep:
        """Saves a new sweep; starts no run. Raises `RunError` where the disk is full."""
        now = time.time()
        folder = self.folder / f"{datetime.fromtimestamp(now):%y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        texts = {axis.knob: axis.text for axis in axes}
        facts = {"kind": kind, "base": base.to_dict(), "axes": texts, "trials": trials, "prune": prune}
        with explain_disk_errors(folder):
            folder.mkdir(parents=True)
            write_json(
                folder / "sweep.json", {**facts, "name": name, "starter": starter, "created": now, "stopped": False}
            )
        return self.get(folder.name)

    def all(self) -> list[Sweep]:
        """Every readable sweep, newest first."""
        return sorted(self._readable(), key=lambda sweep: -sweep.created)

    def get(self, sweep_id: str) -> Sweep:
        """Raises `RunError` where there is no such sweep, or it is damaged."""
        sweep = _read(self.folder / sweep_id) if _ID.fullmatch(sweep_id) else None
        if sweep is None:
            raise RunError("There is no such sweep. Choose one from the list.", received=sweep_id)
        return sweep

    def stop(self, sweep_id: str) -> None:
        """Marks the sweep as cancelled: no new run starts. The caller stops the runs that train or wait."""
        self._change(sweep_id, stopped=True)

    def extend(self, sweep_id: str, runs: int) -> None:
        """Makes room for so many more runs, also in a sweep that was cancelled. Raises `ConfigError` for over 200."""
        trials = self.get(sweep_id).trials + runs
        if trials > MAX_RUNS:
            raise ConfigError(f"A sweep has at most {MAX_RUNS} runs. Start a new sweep with fewer values.", trials)
        self._change(sweep_id, trials=trials, stopped=False)

    def _change(self, sweep_id: str, **facts: Any) -> None:
        path = self.get(sweep_id).folder / "sweep.json"
        write_json(path, {**read_json(path), **facts})

    def _readable(self) -> Iterator[Sweep]:
        folders = self.folder.iterdir() if self.folder.is_dir() else ()
        yield from (sweep for folder in folders if _ID.fullmatch(folder.name) and (sweep := _read(folder)))


def _read(folder: Path) -> Sweep | None:
    facts = read_json(folder / "sweep.json")
    try:
        return _sweep(folder, facts)
    except (ConfigError, KeyError, TypeError, AttributeError, ValueError):
        return None  # damaged, or from elsewhere: it is left out


def _checked_findings(findings: Any) -> dict[str, Any]:
    checked: dict[str, Any] = {"ended": bool(findings.get("ended"))}
    checked["pruned"] = [untrusted.text(run, 60) for run in findings.get("pruned", [])[:MAX_RUNS]]
    shares = findings.get("importance") or {}
    checked["importance"] = {name: untrusted.number(share, 0, 1.001) for name, share in shares.items() if name in KNOBS}
    after = findings.get("judged_after")
    return {**checked, "judged_after": None if after is None else untrusted.whole(after, 0, 100_000)}


def _sweep(folder: Path, facts: Mapping[str, Any]) -> Sweep:
    return Sweep(
        folder,
        str(facts["kind"]),
        RunConfig.from_dict(facts["base"]),
        tuple(read_axis(knob, text) for knob, text in facts["axes"].items()),
        untrusted.whole(facts["trials"], 0, MAX_RUNS),
        bool(facts["prune"]),
        untrusted.text(facts["name"], 120),
        untrusted.text(facts["starter"], 60),
        untrusted.number(facts["created"], 0, MAX_TIME),
        bool(facts["stopped"]),
    )


def _parse_range(knob: str, piece: str) -> tuple[float, float, float | None] | None:
    """Low, high and step of a range; None for a single value. Raises `ConfigError` for wrong bounds."""
    found = _RANGE.fullmatch(piece) if KNOB_TYPES[knob] is not str else None
    if found is None:
        return None
    low, high = (float(read_knob(knob, found[place])) for place in (1, 2))
    step = float(found[3]) if found[3] else None
    if low >= high or (step is not None and not 0 < step < math.inf):
        raise ConfigError(
            f"A range of {KNOBS[knob].label.lower()} must go up. Write the smaller number first, and a step above 0.",
            received=piece,
        )
    return low, high, step


def _range_values(knob: str, low: float, high: float, step: float | None) -> list[Any]:
    """The values in a range of this knob."""
    facts, kind = KNOBS[knob], KNOB_TYPES[knob]
    if step is None and facts.log:
        base = 2 if kind is int else 10
        first, last = math.ceil(math.log(low, base) - 1e-9), math.floor(math.log(high, base) + 1e-9)
        powers = [kind(float(f"{float(base) ** power:.6g}")) for power in range(first, last + 1)]
        return [kind(low), *(power for power in powers if low < power < high), kind(high)]
    step = step or (1.0 if kind is int else float(facts.step or (high - low) / 4))
    steps = (high - low) / step  # infinity for a step that is nearly 0
    if steps + 1 > MAX_RUNS + 1e-9:
        raise ConfigError(
            f"A range of {KNOBS[knob].label.lower()} has at most {MAX_RUNS} values. This one has {steps + 1:,.0f}. "
            "Use a larger step.",
            received=steps + 1,
        )
    count = math.floor(steps + 1e-9) + 1
    return [facts.check(knob, kind(float(f"{low + place * step:.10g}")), kind) for place in range(count)]
