"""Adds a run that came from elsewhere to the store: readers see it when all of its files are written."""

import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.config.run_config import RunConfig
from core.files import explain_disk_errors, write_json
from core.runs import file_names
from core.runs.run import Run
from core.runs.store import RunFacts, RunStore


def add_run(
    store: RunStore, config: RunConfig, facts: Mapping[str, Any], wanted_id: str, fill: Callable[[Path], None]
) -> Run:
    """A new run with `config` and `facts`; `fill` writes its other files into a folder.

    Its id is `wanted_id` if no run has it, else a new one. Raises `RunError` on a full disk, and what `fill` raises.
    """
    saved = {"config": config.to_dict(), **asdict(RunFacts()), "colour": store.next_colour(), "imported": True}
    unseen = store.folder / f".new-{secrets.token_hex(8)}"
    try:
        with explain_disk_errors(unseen):
            (unseen / file_names.EPOCHS).mkdir(parents=True)
            write_json(unseen / file_names.FACTS, {**saved, **facts})
            fill(unseen)
            run_id = store.new_id(wanted_id)
            unseen.rename(store.folder / run_id)
    finally:
        shutil.rmtree(unseen, ignore_errors=True)
    return store.get(run_id)
