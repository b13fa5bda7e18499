"""What watching costs a run: how long from the click on Start to the first point on the chart, and how much slower a
network trains while 0, 1 and 5 visitors look on.

    MNIST_PATH=… .venv/bin/python -m tests.benchmarks.viewers [--rounds 3] [--seconds 15]

The visitors are headless Chromiums on the same machine, which paint without a graphics card: the last column says what
of the slow-down is theirs. The server's part alone is what visitors at machines of their own cost.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import psutil
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from core.runs.control import ControlRequests
from core.runs.store import Run, RunStore
from tests.benchmarks.machine import chromium_path, describe
from tests.browser.conftest import FLAGS, Server, wait_idle

LINK = "/train?hidden_layers=1&units=512&epochs=500&optimizer=rmsprop&batch_size=128"
_SETTLE = 6  # seconds: a visitor's page has loaded, and the curve that was there is drawn
# The browser itself notes when Start was clicked and when the chart first had a point.
_CLOCK = """() => { window.first = null; let clicked = 0;
    addEventListener('click', () => { clicked ||= performance.now(); window.clickedAt = clicked; }, true);
    const look = () => { const plot = document.querySelector('.live-plot');
        if (clicked && plot && Number(plot.dataset.points) > 0) window.first = (performance.now() - clicked) / 1000;
        else requestAnimationFrame(look); };
    look(); }"""


class Watched(NamedTuple):
    """A stretch of training: images a second, and cores that the server and all browsers kept busy meanwhile."""

    speed: float
    server: float
    browsers: float


def visitor(browser: Browser, server: Server, path: str) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=server.url)
    page = context.new_page()
    page.goto(path)
    wait_idle(page)
    return page


def started(browser: Browser, server: Server, store: RunStore, link: str) -> tuple[Run, BrowserContext, float]:
    """A run begun by a click, the visitor who clicked, and the seconds until its chart had a point."""
    before = {run.id for run in store.runs()}
    page = visitor(browser, server, link)
    page.wait_for_timeout(25_000)  # the spare worker, which a visit to Train wakes, has warmed up by now
    page.evaluate(_CLOCK)
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_function("window.first !== null", timeout=120_000)
    (run,) = [run for run in store.runs() if run.id not in before]
    return run, page.context, page.evaluate("window.first")


def stretch(run: Run, server: Server, seconds: float) -> Watched:
    """How fast `run` trains from now on for `seconds`."""
    before, trained, began = processors(server), images(run), time.perf_counter()
    time.sleep(seconds)
    took, after = time.perf_counter() - began, processors(server)
    cores = [(now - then) / took for then, now in zip(before, after, strict=True)]
    return Watched((images(run) - trained) / took, *cores)


def images(run: Run) -> int:
    """How many images a run has trained on so far."""
    return run.step * run.config.batch_size


def processors(server: Server) -> tuple[float, float]:
    """Seconds of processor that the server has used, and all Chromiums."""
    own = psutil.Process(server.process.pid).cpu_times()
    browsers = [
        process.info["cpu_times"]
        for process in psutil.process_iter(["name", "cpu_times"])
        if "chrom" in (process.info["name"] or "") and process.info["cpu_times"]
    ]
    return own.user + own.system, sum(times.user + times.system for times in browsers)


def show(viewers: int, found: Sequence[Watched], alone: float) -> None:
    speed, server, browsers = (statistics.median(column) for column in zip(*found, strict=True))
    print(f"| {viewers} | {speed:,.0f} | {1 - speed / alone:.1%} | {server:.2f} | {browsers:.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        server, store = Server(Path(home)), RunStore(Path(home))
        print(describe())
        firsts = []
        for seed in range(asked.rounds):
            run, context, first = started(browser, server, store, f"{LINK}&seed={seed}")
            firsts.append(first)
            context.close()
            if seed + 1 < asked.rounds:
                ControlRequests(run).stop()
                while run.active:
                    time.sleep(0.5)
                store.delete(run.id)  # so that the next visitor finds no older chart
        print(
            f"\nFrom the click on Start to the first point on the chart, with a spare worker: "
            f"{statistics.median(firsts):.2f} s (slowest of {len(firsts)}: {max(firsts):.2f} s).\n"
        )
        found: dict[int, list[Watched]] = {0: [], 1: [], 5: []}
        for _ in range(asked.rounds):  # in turns, for machines are quicker at one minute than at another
            for viewers, stretches in found.items():
                pages = [visitor(browser, server, f"/train?run={run.id}") for _ in range(viewers)]
                time.sleep(_SETTLE)
                stretches.append(stretch(run, server, asked.seconds))
                for page in pages:
                    page.context.close()
        print("| visitors | images a second | slower by | cores, server | cores, browsers |\n|---|---|---|---|---|")
        alone = statistics.median(each.speed for each in found[0])
        for viewers, stretches in found.items():
            show(viewers, stretches, alone)
        ControlRequests(run).stop()
        server.stop()
        browser.close()


if __name__ == "__main__":
    main()
