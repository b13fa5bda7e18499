"""What is known of all runs, in one file of the home folder: after a restart, thousands of runs are listed at once.

runs.index.json   for each run folder: the time stamps of the folder and its run.json, the content of run.json, and
                  the state of a run that has ended

Only what a process has read from the folders itself is written there. An entry counts as long as the time stamps are
the same. Without the file, or with a damaged one, the folders are read again.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from core.files import read_regular, suppress_disk_errors, write_atomic

Stamp = tuple[int, int, int]

MIN_CHANGES = 100  # new entries that are worth a new file
_MAX_BYTES = 256 * 2**20
_VERSION = 1


class Entry(NamedTuple):
    """A run as its folder was when the folder had these time stamps. final_state: empty while it may still change."""

    stamp: Stamp
    facts: dict[str, Any]
    final_state: str


def read_index(path: Path) -> dict[str, Entry]:
    """The entries by the name of the folder; none if there is no such file, or a damaged one."""
    try:
        saved = json.loads(read_regular(path, _MAX_BYTES))
        if not isinstance(saved, dict) or saved.get("version") != _VERSION:
            return {}
        return {name: _entry(*values) for name, values in saved["runs"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def write_index(path: Path, entries: Mapping[str, Entry]) -> None:
    """Writes all entries. A disk that is full or read-only changes nothing: the next start is slower."""
    content = json.dumps({"version": _VERSION, "runs": entries}, separators=(",", ":")).encode()
    with suppress_disk_errors():
        write_atomic(path, content, durable=False)


def _entry(stamp: Iterable[Any], facts: Any, final_state: Any) -> Entry:
    first, second, third = map(int, stamp)
    return Entry((first, second, third), facts, str(final_state))
