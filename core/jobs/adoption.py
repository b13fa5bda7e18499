"""Runs, sweeps and drawings that a visitor made in an earlier version, in which the same cookie gave another id."""

import os
from contextlib import suppress

from core.errors import RunError
from core.files import exclusive, read_json, write_json
from core.jobs.sweep import SweepStore
from core.runs.file_names import FACTS
from core.runs.store import RunStore


def adopt(store: RunStore, earlier: str, now: str) -> None:
    """Gives everything of the visitor `earlier` to the visitor `now`, who is the same. Does nothing the second time."""
    for run in store.runs():
        if run.starter == earlier:
            with suppress(RunError):
                store.write(run.id, starter=now)
    sweeps = SweepStore(store)
    for sweep in sweeps.all():
        if sweep.starter == earlier:
            with exclusive(sweeps.folder / ".facts.lock"):
                path = sweep.folder / "sweep.json"
                write_json(path, {**(read_json(path) or {}), "starter": now})
    for folder in store.trash.iterdir() if store.trash.is_dir() else ():
        facts = read_json(folder / FACTS)
        if isinstance(facts, dict) and facts.get("starter") == earlier:
            write_json(folder / FACTS, {**facts, "starter": now})
    drawings = store.home / "hand"
    if (drawings / earlier).is_dir() and not (drawings / now).exists():
        with suppress(OSError):
            os.rename(drawings / earlier, drawings / now)
