"""How long one refresh of the class board takes, with thirty runs on it.

    python -m tests.benchmarks.class_board [--students 30] [--others 0 1000] [--refreshes 200] [--viewers 1 30]

Half of the runs train: each gets a new event before every refresh. The first table is the work of one refresh alone: it
reads all runs of the assignment again and makes the HTML; `--others` are further runs in that home. The second table
has a started server, and viewers who show the board: each is a websocket that asks for a refresh as the page's timer
does, without a browser.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from core.classroom.assignment_store import AssignmentStore
from core.classroom.assignments import Assignment
from core.classroom.board import read_board
from core.classroom.board_names import BoardNames
from core.classroom.ready_made import READY_MADE
from core.files import Lock
from core.runs.events import BatchDone, Started
from core.runs.prediction import Prediction
from core.runs.store import RunStore
from core.runs.timeline import EventFile
from pages.parts.board import markup
from pages.parts.board.live_board import REFRESH_SECONDS
from tests.benchmarks import page_socket
from tests.benchmarks.machine import describe
from tests.benchmarks.page_socket import Address
from tests.browser.conftest import Server
from tests.made_runs import make

SECONDS = 30.0  # for each number of viewers
Training = list[tuple[Lock, EventFile]]  # what runs that train hold and write


def fill(store: RunStore, assignment: Assignment, students: int) -> Training:
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


async def view(url: str, assignment_id: str, seconds: float, ready: asyncio.Barrier) -> list[float]:
    """One viewer: the seconds from each request of its timer until the server has answered."""
    async with page_socket.connect(url) as socket:
        query = f"assignment={assignment_id}"
        await socket.send(page_socket.request(Address("board", query)))
        fragment = ""
        while not fragment:  # the first script only leads to the page
            fragment = await finished(socket)
        refresh = page_socket.request(Address("board", query), fragment)
        await ready.wait()
        times, began = [], time.perf_counter()
        await asyncio.sleep(random.random() * REFRESH_SECONDS)
        while time.perf_counter() < began + seconds:
            asked = time.perf_counter()
            await socket.send(refresh)
            await finished(socket, drawn=True)
            times.append(time.perf_counter() - asked)
            await asyncio.sleep(REFRESH_SECONDS - times[-1])
        return times


async def finished(socket: Any, *, drawn: bool = False) -> str:
    """Waits until a script has finished. Returns the fragment of the board's timer if the script has started it.

    drawn: the script must have sent the board.
    """
    fragment, tiles = "", False
    while True:
        message = page_socket.read(await socket.recv())
        kind = message.WhichOneof("type")
        if kind == "auto_rerun" and message.auto_rerun.interval == REFRESH_SECONDS:
            fragment = message.auto_rerun.fragment_id
        elif kind == "script_finished":
            assert tiles or not drawn, "there is no board"
            return fragment
        elif kind == "delta":
            tiles = tiles or 'class="tile' in message.delta.new_element.html.body


async def watch(server: Server, assignment_id: str, viewers: int, training: Training) -> tuple[list[float], float]:
    """All times of all viewers, and how many cores the server used."""
    process, ready = psutil.Process(server.process.pid), asyncio.Barrier(viewers + 1)

    async def events() -> float:
        await ready.wait()
        before, began = sum(process.cpu_times()[:2]), time.perf_counter()
        for step in range(1, int(SECONDS * 2)):
            for _, file in training:
                file.append(BatchDone(step, 1, step, step / 2, 0.5, 0.9, 50_000.0))
            await asyncio.sleep(0.5)
        return (sum(process.cpu_times()[:2]) - before) / (time.perf_counter() - began)

    viewing = [view(server.url, assignment_id, SECONDS, ready) for _ in range(viewers)]
    *times, cores = await asyncio.gather(*viewing, events())
    return [taken for each in times for taken in each], cores  # type: ignore[union-attr, return-value]


def watched(students: int, viewers: list[int]) -> None:
    with tempfile.TemporaryDirectory(prefix="digit-lab-board-", ignore_cleanup_errors=True) as home:
        store = RunStore(Path(home))
        assignment = AssignmentStore(store.home).create(READY_MADE[0].assignment, "a teacher")
        training = fill(store, assignment, students)
        server = Server(store.home, DIGIT_LAB_SPARE="0")
        print("\n| viewers | median ms | p95 ms | slowest ms | cores of the server |\n|---|---|---|---|---|")
        for number in viewers:
            times, cores = asyncio.run(watch(server, assignment.id, number, training))
            median, most = statistics.median(times), statistics.quantiles(times, n=20)[-1]
            print(
                f"| {number} | {median * 1e3:.0f} | {most * 1e3:.0f} | {max(times) * 1e3:.0f} | {cores:.2f} |",
                flush=True,
            )
        server.stop()
        assert "Traceback" not in server.log.read_text()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--students", type=int, default=30)
    options.add_argument("--others", type=int, nargs="*", default=[0, 1000])
    options.add_argument("--refreshes", type=int, default=200)
    options.add_argument("--viewers", type=int, nargs="*", default=[1, 30])
    asked = options.parse_args()
    print("| students | other runs | median ms | p95 ms | KiB |\n|---|---|---|---|---|")
    for others in asked.others:
        times, size = refreshes(asked.students, others, asked.refreshes)
        median, most = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        print(
            f"| {asked.students} | {others:,} | {median * 1e3:.1f} | {most * 1e3:.1f} | {size / 1024:.0f} |", flush=True
        )
    watched(asked.students, asked.viewers)
    print(f"\n{describe()}")


if __name__ == "__main__":
    main()
