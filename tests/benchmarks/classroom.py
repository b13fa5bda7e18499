"""A class on one server: people who browse, watch and draw while one network trains.

    MNIST_PATH=… .venv/bin/python -m tests.benchmarks.classroom [--visitors 30] [--seconds 300] [--alone 20]

A third of the visitors opens a page every 4 to 8 seconds, a third watches the run on Train and opens it again every
half a minute, and a third draws a digit every 3 to 5 seconds, with live bars during the stroke. Each is a session of
the dashboard without a browser: browsers would need more than this machine. Everything stays on this machine and ends
by itself. `--starts` instead lets each visitor press Start once within a minute.
"""

import argparse
import asyncio
import base64
import random
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from core.config.recipes import RECIPES
from core.runs.control import ControlRequests
from core.runs.store import Run, RunStore
from pages.parts.draw.live_ink import SIDE
from tests.benchmarks.machine import describe
from tests.benchmarks.visitor import Visitor
from tests.browser.conftest import Server

CANVAS = "streamlit-drawable-canvas.streamlit_drawable_canvas"  # the name of its component
PAGES = ("start", "explore", "prepare", "train", "compare", "evaluate", "draw")
MAX_VISITORS, MAX_SECONDS = 150, 600
SETTLE = 60  # seconds after which the memory should no longer grow
PEN_SECONDS, PEN_MESSAGES = 0.8, 6  # of a stroke


@dataclass
class Found:
    """What all visitors saw. Seconds of pages, refreshes, strokes and live bars; memory of the server in bytes."""

    pages: list[float] = field(default_factory=list)
    by_name: dict[str, list[float]] = field(default_factory=dict)
    refreshes: list[float] = field(default_factory=list)
    strokes: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[float, int]] = field(default_factory=list)
    received_bytes: int = 0
    cores: float = 0.0

    def take(self, visitor: Visitor) -> None:
        self.refreshes += visitor.refreshes
        self.errors.update(visitor.errors)
        self.received_bytes += visitor.received_bytes


async def browse(visitor: Visitor, chance: random.Random, found: Found, run: str) -> None:
    name = chance.choice(PAGES)
    query = f"run={run}" if name == "train" and chance.random() < 0.5 else ""
    took = await visitor.open(name, query)
    found.pages.append(took)
    found.by_name.setdefault(name, []).append(took)
    await asyncio.sleep(chance.uniform(4, 8))


async def watch(visitor: Visitor, chance: random.Random, found: Found, run: str) -> None:
    took = await visitor.open("train", f"run={run}")
    found.pages.append(took)
    found.by_name.setdefault("train", []).append(took)
    await asyncio.sleep(chance.uniform(20, 40))


async def draw(visitor: Visitor, chance: random.Random, found: Found, run: str) -> None:
    if visitor.at.page != "draw" or chance.random() < 0.05:
        found.pages.append(took := await visitor.open("draw"))
        found.by_name.setdefault("draw", []).append(took)
    await asyncio.sleep(chance.uniform(2, 4))
    await _pen_down(visitor, chance)
    visitor.page.data.pop("softmax", None)
    began = time.perf_counter()
    await visitor.send(CANVAS, _drawing(chance), wait=False)
    if await visitor.until(lambda: "softmax" in visitor.page.data):
        found.strokes.append(time.perf_counter() - began)
    else:
        visitor.errors.append("the bars of a stroke did not come")


async def _pen_down(visitor: Visitor, chance: random.Random) -> None:
    """Ink during the stroke, as often as the server asks for."""
    ended, number = time.perf_counter() + PEN_SECONDS, chance.randrange(2**30)
    while time.perf_counter() < ended:
        number += 1
        grey = np.zeros((SIDE, SIDE), np.uint8)
        grey[8:48, 26:31] = 255
        ink = {"session": visitor.number, "seq": number, "side": SIDE, "pixels": base64.b64encode(grey).decode()}
        await visitor.send("digit_lab_live_ink", {"ink": ink}, wait=False)
        data = visitor.page.data.get("digit_lab_live_ink", {})
        await asyncio.sleep(max(PEN_SECONDS / PEN_MESSAGES, data.get("interval", 50) / 1000))


def _drawing(chance: random.Random) -> dict[str, object]:
    """A 7 somewhere on the canvas, as its component sends it."""
    right, down = chance.uniform(0, 60), chance.uniform(0, 30)
    corners = [(50 + right, 50 + down), (170 + right, 50 + down), (100 + right, 220 + down)]
    path = [["M", *corners[0]], *(["L", *corner] for corner in corners[1:])]
    return {"drawing": {"raw": {"objects": [{"type": "path", "path": path, "strokeWidth": 20}]}, "data": None}}


ROLES = (browse, watch, draw)


async def person(url: str, number: int, until: float, found: Found, run: str) -> None:
    """One visitor, who arrives within the first ten seconds."""
    chance = random.Random(number)
    await asyncio.sleep(chance.uniform(0, 10))
    async with Visitor(url, number) as visitor:
        while time.perf_counter() < until:
            await ROLES[number % 3](visitor, chance, found, run)
        found.take(visitor)


async def crowd(server: Server, visitors: int, seconds: float, run: str) -> Found:
    found, process = Found(), psutil.Process(server.process.pid)
    found.memory.append((0.0, process.memory_info().rss))
    began, before = time.perf_counter(), sum(process.cpu_times()[:2])

    async def observe() -> None:
        while (now := time.perf_counter()) < began + seconds:
            found.memory.append((now - began, process.memory_info().rss))
            await asyncio.sleep(1)
        found.cores = (sum(process.cpu_times()[:2]) - before) / seconds

    people = [person(server.url, number, began + seconds, found, run) for number in range(visitors)]
    for failure in await asyncio.gather(observe(), *people, return_exceptions=True):
        if failure is not None:
            found.errors[repr(failure)[:200]] += 1
    return found


async def start_within(url: str, number: int, seconds: float, said: dict[int, list[str]], errors: list[str]) -> None:
    """One visitor who presses Start once and then watches until the run has ended."""
    chance = random.Random(number)
    await asyncio.sleep(chance.uniform(0, seconds))
    async with Visitor(url, number) as visitor:
        await visitor.open("train", f"units=16&hidden_layers=1&epochs=2&train_images=2000&seed={number}")
        if "Start" not in visitor.page.widgets:
            errors.append(f"visitor {number} found no Start")
            return
        await visitor.send("Start", True, "trigger_value")
        await visitor.until(lambda: any("after" in text and "training" in text for text in visitor.page.said), 300)
        said[number] = list(dict.fromkeys(visitor.page.said))
        errors += visitor.errors


def report_starts(store: RunStore, said: dict[int, list[str]], errors: list[str]) -> None:
    """Whether the runs began in the order in which they were started, and what each visitor read meanwhile."""
    runs = [run for run in store.runs() if run.started and not run.shipped and not run.name]
    begun = sorted(runs, key=lambda run: run.started.time if run.started else 0.0)
    created = sorted(runs, key=lambda run: run.created)
    late = max(abs(begun.index(run) - place) for place, run in enumerate(created))
    places = sum(any("before it" in text or "next in the queue" in text for text in texts) for texts in said.values())
    times = sum(any("It starts in about" in text for text in texts) for texts in said.values())
    print(f"| runs | {len(runs)}, of {len({run.starter for run in runs})} visitors, {Counter(r.state for r in runs)} |")
    print(f"| order | no run began more than {late} places from its turn |")
    print(f"| read their place | {places} of {len(said)}, with a time {times} |")
    print(f"| errors | {len(errors)} {errors[:3]} |")
    longest = max(said.values(), key=len, default=[])
    print("\n".join(f"  {text}" for text in longest[:6]))


def speed(run: Run, seconds: float) -> float:
    """Images a second from now on."""
    before, began = run.step, time.perf_counter()
    time.sleep(seconds)
    return (run.step - before) * run.config.batch_size / (time.perf_counter() - began)


def train(store: RunStore) -> Run:
    """A run of `chollet` with 500 epochs, which the server's queue starts."""
    config = RECIPES["chollet"].config.changed(epochs=500)
    return store.create(config, queued=True, name="the run of the class", forecast_seconds=600.0)


def report(found: Found, visitors: int, alone: float, during: float) -> None:
    def quantiles(values: list[float]) -> str:
        return f"{np.median(values):.2f}, {np.quantile(values, 0.95):.2f}, {max(values):.2f} s" if values else "none"

    start = found.memory[0][1]
    settled = max(memory for at, memory in found.memory if at <= SETTLE)
    end = found.memory[-1][1]
    per_visitor = (max(memory for _, memory in found.memory) - start) / visitors / 2**20
    print(f"| pages (median, p95, slowest) | {len(found.pages):,}: {quantiles(found.pages)} |")
    for name, values in sorted(found.by_name.items()):
        print(f"| … {name} | {len(values):,}: {quantiles(values)} |")
    print(f"| bars of a stroke | {len(found.strokes):,}: {quantiles(found.strokes)} |")
    print(f"| refreshes | {len(found.refreshes):,}: {quantiles(found.refreshes)} |")
    print(f"| errors | {sum(found.errors.values())} |")
    print(f"| server | {found.cores:.2f} cores, {found.received_bytes / 1e6:,.0f} MB sent |")
    print(f"| memory | {start / 2**20:.0f} → {settled / 2**20:.0f} (1 min) → {end / 2**20:.0f} MiB, "
          f"{per_visitor:.1f} MiB a visitor |")  # fmt: skip
    print(f"| training | {during:,.0f} of {alone:,.0f} images a second: {during / alone:.0%} |")
    for error, times in found.errors.most_common(8):
        print(f"{times} × {error}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--alone", type=float, default=20, help="seconds in which only the run trains: the base")
    parser.add_argument("--starts", action="store_true", help="each visitor presses Start once within a minute")
    asked = parser.parse_args()
    visitors, seconds = min(asked.visitors, MAX_VISITORS), min(asked.seconds, MAX_SECONDS)
    print(describe(), flush=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        server, store = Server(Path(home)), RunStore(Path(home))
        if asked.starts:
            said: dict[int, list[str]] = {}
            errors: list[str] = []
            asyncio.run(_wake(server))
            asyncio.run(_all_start(server.url, visitors, said, errors))
            report_starts(store, said, errors)
            server.stop()
            return
        run = train(store)
        try:
            asyncio.run(_wake(server))
            while not run.epochs:
                time.sleep(0.2)
            time.sleep(5)
            alone = speed(run, asked.alone)
            before, began = run.step, time.perf_counter()
            found = asyncio.run(crowd(server, visitors, seconds, run.id))
            during = (run.step - before) * run.config.batch_size / (time.perf_counter() - began)
            report(found, visitors, alone, during)
            assert server.process.poll() is None, "the server has ended"
            log = server.log.read_text()
            print(f"tracebacks in the log: {log.count('Traceback')}")
            if "Traceback" in log:
                print(log[log.index("Traceback") :][:2000])
        finally:
            with suppress(Exception):
                ControlRequests(run).stop()
            server.stop()
            _wait_until_ended(run)


async def _all_start(url: str, visitors: int, said: dict[int, list[str]], errors: list[str]) -> None:
    await asyncio.gather(*(start_within(url, number, 60, said, errors) for number in range(1, visitors + 1)))


async def _wake(server: Server) -> None:
    """The first visitor: the queue begins with them."""
    async with Visitor(server.url, 0) as visitor:
        for name in PAGES:
            await visitor.open(name)


def _wait_until_ended(run: Run) -> None:
    deadline = time.monotonic() + 60
    while run.holder is not None and time.monotonic() < deadline:
        time.sleep(0.2)


if __name__ == "__main__":
    main()
