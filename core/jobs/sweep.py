"""Sweeps: runs that differ in some knobs, and where they are kept.

sweeps/<id>/sweep.json   the knobs and their values, and whether the sweep was cancelled
            study.log    the trials of a search, in Optuna's format (`search_study`)
            told.json    the findings of a search so far
"""

import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core import untrusted
from core.config.run_config import KNOBS, RunConfig
from core.errors import ConfigError, RunError
from core.files import exclusive, explain_disk_errors, read_json, sync_folder, write_json
from core.jobs.sweep_axes import MAX_RUNS, Axis, read_axis
from core.runs.gate import MAX_FINGERPRINT, MAX_NAME, MAX_TIME, fit_name
from core.runs.store import Run, RunStore

GRID, SEARCH = "grid", "search"
_ID = re.compile(r"[0-9]{6}-[0-9]{6}-[0-9a-f]{4}")


@dataclass(frozen=True)
class SweepPlan:
    """What a sweep varies. trials: runs in all. prune: whether a search stops poor runs early."""

    kind: str  # GRID or SEARCH
    base: RunConfig
    axes: tuple[Axis, ...]
    trials: int = 0
    prune: bool = False


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
        """The findings of a search so far: `pruned` (ids), `importance` (shares), `judged_after` (epoch), `ended`.

        data: the fingerprint of the data set whose runs count; empty if it is unknown.
        """
        try:
            return _checked_findings(read_json(self.folder / "told.json"))
        except (TypeError, ValueError, AttributeError):
            return {}

    def runs(self, runs: Iterable[Run]) -> list[Run]:
        """Those of `runs` that belong to it, oldest first."""
        return sorted((run for run in runs if run.sweep == self.id), key=lambda run: run.created)


class SweepStore:
    """All sweeps below the home of a `RunStore`."""

    def __init__(self, store: RunStore) -> None:
        self.store, self.folder = store, store.home / "sweeps"

    def create(self, plan: SweepPlan, *, name: str = "", starter: str = "") -> Sweep:
        """Saves a new sweep; starts no run. Raises `RunError` where the disk is full."""
        now = time.time()
        folder = self.folder / f"{datetime.fromtimestamp(now):%y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        texts = {axis.knob: axis.text for axis in plan.axes}
        facts: dict[str, Any] = {"kind": plan.kind, "base": plan.base.to_dict(), "axes": texts}
        facts |= {"trials": plan.trials, "prune": plan.prune}
        with explain_disk_errors(folder):
            folder.mkdir(parents=True)
            write_json(
                folder / "sweep.json",
                {**facts, "name": fit_name(name), "starter": starter, "created": now, "stopped": False},
            )
            sync_folder(self.folder)
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
            raise ConfigError(
                f"A sweep has at most {MAX_RUNS} runs. Start a new sweep with fewer values.", received=trials
            )
        self._change(sweep_id, trials=trials, stopped=False)

    def _change(self, sweep_id: str, **facts: Any) -> None:
        path = self.get(sweep_id).folder / "sweep.json"
        with exclusive(self.folder / ".facts.lock"):
            write_json(path, {**(read_json(path) or {}), **facts})

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
    checked["data"] = untrusted.text(findings.get("data", ""), MAX_FINGERPRINT)
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
        untrusted.text(facts["name"], MAX_NAME),
        untrusted.text(facts["starter"], 60),
        untrusted.number(facts["created"], 0, MAX_TIME),
        bool(facts["stopped"]),
    )
