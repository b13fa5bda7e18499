"""The process of a search: started, found again after a restart, and run to its end.

`python -m core.jobs.search SWEEP` is that process. It only uses folders: it queues runs, reads their
epochs, stops poor runs and saves its state in the sweep's folder. So it can be killed and started again, with or
without the dashboard. Optuna and its 150 MB stay out of the dashboard.
"""

import os
import subprocess
import sys
import time

from core import process_settings
from core.files import Lock
from core.jobs.cluster.records import runs_at_a_time
from core.jobs.optuna_search import Search
from core.jobs.sweep import SEARCH, Sweep, SweepStore
from core.runs.store import RunStore
from core.subprocess_task import child_environment, start_process

POLL_SECONDS = 0.5
IDLE_SECONDS = 30 * 60  # the search ends when no run advances for so long; the next dashboard starts it again
_started: list[subprocess.Popen[bytes]] = []  # kept, so that Python does not warn about a lost child process


def start(store: RunStore, sweep: Sweep) -> None:
    """Starts the process of the search, unless it is running."""
    if Lock(sweep.folder / "lock").holder() is not None:
        return
    command = [sys.executable, "-m", "core.jobs.search", sweep.id]
    with (sweep.folder / "search.log").open("ab") as log:
        process = start_process(command, log, child_environment(DIGIT_LAB_HOME=str(store.home)))
    _started[:] = [child for child in _started if child.poll() is None] + [process]


def is_unfinished(sweep: Sweep) -> bool:
    """Whether a search has runs to start, or waits for the end of runs that it stopped."""
    return sweep.kind == SEARCH and not sweep.findings.get("ended")


def count_running(store: RunStore) -> int:
    """How many searches are running on this machine."""
    return sum(is_unfinished(sweep) and Lock(sweep.folder / "lock").holder() is not None
               for sweep in SweepStore(store).all())  # fmt: skip


def resume_unfinished(store: RunStore) -> bool:
    """Continues every search that a restart or a kill interrupted; returns whether there was one."""
    left = [sweep for sweep in SweepStore(store).all() if is_unfinished(sweep)]
    for sweep in left:
        start(store, sweep)
    return bool(left)


def main(sweep_id: str) -> int:
    """Runs a search to its end; returns 1 where another process already does."""
    store = RunStore()
    sweep = SweepStore(store).get(sweep_id)
    lock = Lock(sweep.folder / "lock")
    if not lock.acquire({"pid": os.getpid()}):
        return 1
    search = Search(store, sweep, lambda: runs_at_a_time(store.home, sweep.base.device))
    last_change, seen = time.monotonic(), (0, 0)
    while search.advance():
        now = len(sweep.runs(store.runs())), sum(run.step for run in store.active())
        last_change, seen = (time.monotonic(), now) if now != seen else (last_change, seen)
        if time.monotonic() - last_change > IDLE_SECONDS:
            break
        time.sleep(POLL_SECONDS)
    lock.release()
    return 0


if __name__ == "__main__":
    process_settings.lower_priority(process_settings.STUDY_NICE)
    sys.exit(main(sys.argv[1]))
