"""How long one refresh of the class board takes on the server, with thirty runs on it.

    python -m tests.benchmarks.class_board [--students 30] [--others 1000] [--refreshes 200]

Half of the runs train: each gets a new event before every refresh. A refresh reads all runs of the assignment again and
makes the HTML of the board; `--others` are further runs in the same home. No browser, and no network.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from core.classroom.assignments import Assignment, AssignmentStore
from core.classroom.board import read_board
from core.classroom.board_names import BoardNames
from core.classroom.ready_made import READY_MADE
from core.files import Lock
from core.runs.events import BatchDone, Started
from core.runs.prediction import Prediction
from core.runs.store import RunStore
from core.runs.timeline import EventFile
from pages.parts.board import markup
from tests.benchmarks.machine import describe
from tests.made_runs import make


def fill(store: RunStore, assignment: Assignment, students: int) -> list[tuple[Lock, EventFile]]:
    """A run for each student; every second one trains. Returns what those that train hold and write."""
    training = []
    for number in range(students):
        prediction = Prediction(assignment.question, assignment.asked, f"{90 + number % 10}").to_facts()
        facts = {"assignment": assignment.id, "prediction": prediction, "starter": f"{number:012x}"}
        if number % 2:
            make(store, assignment.start, level=0.95 + number / 1000, points=300, **facts)
            continue
        run = store.create(assignment.start, **facts)
        lock = Lock(run.folder / "lock")
        assert lock.acquire({"pid": 0, "after": -1})
        events = EventFile(run.events_path)
        events.append(Started(time.time(), "CPU", 101_770, 54_000, 6_000, 1_688, assignment.start.epochs))
        training.append((lock, events))
    return training


def refreshes(students: int, others: int, number: int) -> tuple[list[float], int]:
    """The seconds of so many refreshes, and the bytes of the last one."""
    with tempfile.TemporaryDirectory(prefix="digit-lab-board-") as home:
        store = RunStore(Path(home))
        assignment = AssignmentStore(store.home).create(READY_MADE[0].assignment, "a teacher")
        for seed in range(others):
            make(store, assignment.start.changed(seed=seed), points=10)
        training = fill(store, assignment, students)
        times, html = [], ""
        for step in range(1, number + 1):
            for _, events in training:
                events.append(BatchDone(step, 1, step, step / 20, 0.5, 0.9, 50_000.0))
            began = time.perf_counter()
            html = markup.board(read_board(assignment, store), BoardNames(store.home))
            times.append(time.perf_counter() - began)
        for lock, _ in training:
            lock.release()
    return times[1:], len(html.encode())  # the first one reads everything


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--students", type=int, default=30)
    options.add_argument("--others", type=int, nargs="*", default=[0, 1000])
    options.add_argument("--refreshes", type=int, default=200)
    asked = options.parse_args()
    print("| students | other runs | median ms | p95 ms | KiB |\n|---|---|---|---|---|")
    for others in asked.others:
        times, size = refreshes(asked.students, others, asked.refreshes)
        median, most = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        print(
            f"| {asked.students} | {others:,} | {median * 1e3:.1f} | {most * 1e3:.1f} | {size / 1024:.0f} |", flush=True
        )
    print(f"\n{describe()}")


if __name__ == "__main__":
    main()
