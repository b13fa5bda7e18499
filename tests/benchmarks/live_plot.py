"""`python -m tests.benchmarks.live_plot [POINTS …]`: what one refresh of the live charts costs, as a run grows.

A run with so many points is laid into a folder and held as a worker holds it, ten new points every half second; a real
Chromium watches it. Prints websocket bytes a refresh (both charts and all else on the page) and the browser's
milliseconds a chart, after the first ten seconds, in which the curve that is there already is sent.
"""

import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import sync_playwright

from core.config.run_config import RunConfig
from core.runs.events import BatchDone, Started
from core.runs.store import Run, RunStore
from core.runs.timeline import EventFile
from tests.benchmarks.machine import chromium_path
from tests.browser.conftest import FLAGS, Server

BATCHES = 1000


def main(*sizes: int) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, sync_playwright() as play:
        server = Server(Path(home))
        browser = play.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        try:
            for size in sizes or (100, 2_000, 20_000):
                _measure(RunStore(Path(home)), server, browser, size)
        finally:
            browser.close()
            server.stop()


def _measure(store: RunStore, server: Server, browser, points: int) -> None:
    run = store.create(RunConfig(epochs=500), name=f"{points} points")
    file = EventFile(run.events_path)
    file.append(Started(time.time(), "CPU", 1, 32_000, 0, BATCHES, 500))
    assert run.lock.acquire({"after": 0})
    for step in range(1, points + 1):
        file.append(_point(step))
    done = threading.Event()
    threading.Thread(target=_grow, args=(file, points, done)).start()
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    frames: list[tuple[float, int]] = []
    watch = page.context.new_cdp_session(page)
    watch.send("Network.enable")
    watch.on(
        "Network.webSocketFrameReceived",
        lambda e: frames.append((time.time(), len(e["response"]["payloadData"]) * 3 // 4)),
    )
    page.goto(f"{server.url}/train?run={run.id}")
    page.locator(".live-plot[data-points]").first.wait_for(timeout=120_000)
    page.wait_for_timeout(10_000)
    since, draws, refreshes = time.time(), [], set()
    while time.time() < since + 15:
        page.wait_for_timeout(250)
        plot = page.locator(".live-plot").first
        point_count, took = int(plot.get_attribute("data-points")), float(plot.get_attribute("data-milliseconds"))
        if point_count not in refreshes:
            refreshes.add(point_count)
            draws.append(took)
    size = sum(size for at, size in frames if at >= since)
    count = max(len(refreshes) - 1, 1)
    print(f"{points:>6} points: {size / count / 1024:.1f} KiB a refresh, {median(draws):.0f} ms a chart, n = {count}")
    done.set()
    page.close()
    _release(run)


def _point(step: int) -> BatchDone:
    return BatchDone(
        step, 1 + (step - 1) // BATCHES, 1 + (step - 1) % BATCHES, step / 20, 2.3 / (1 + step / 300), 0.9, 9e3
    )


def _grow(file: EventFile, points: int, done: threading.Event) -> None:
    step = points
    while not done.wait(0.5):
        for _ in range(10):
            step += 1
            file.append(_point(step))


def _release(run: Run) -> None:
    run.lock.release()
    shutil.rmtree(run.folder)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
