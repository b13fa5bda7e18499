"""The seal on a run's test set: whether anybody has used it, and when it was opened.

runs/<id>/test_set.json   when the test set was opened for this run
"""

import time
from contextlib import suppress

from core.data.mnist import TEST
from core.errors import RunError
from core.files import read_json, write_json
from core.runs.events import RunEnded
from core.runs.gate import MAX_TIME
from core.runs.store import Run
from core.untrusted import number


def sealed(run: Run) -> bool:
    """Whether the test set is still unread for this run: neither its recipe nor a visitor has used it."""
    return sealed_after(run, run.ended)


def sealed_after(run: Run, ended: RunEnded | None) -> bool:
    """`sealed` for a run whose last event is already known: a table of hundreds of runs need not read it again."""
    read = ended is not None and ended.test_accuracy is not None
    return run.config.holds_out and not read and not test_set_openings(run)


def test_set_openings(run: Run) -> list[float]:
    """When the test set was opened for this run, in seconds since 1970."""
    facts = read_json(run.test_set_path)
    opened = facts.get("opened") if isinstance(facts, dict) else None
    with suppress(ValueError):
        return [number(at, 0, MAX_TIME) for at in opened] if isinstance(opened, list) else []
    return []


def open_test_set(run: Run) -> None:
    """Opens the test set for this run and keeps the date."""
    with run.exclusive():
        if sealed(run):
            write_json(run.test_set_path, {"opened": [*test_set_openings(run), time.time()]})


def check_seal(run: Run, split: str) -> None:
    """Raises `RunError` if `split` is the test set and still sealed for this run."""
    if split == TEST and sealed(run):
        raise RunError(f"The test set is sealed for {run.title}. Open it first; the date is kept with the run.")
