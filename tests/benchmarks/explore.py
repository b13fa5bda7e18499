"""How fast Explore is on the whole data set, alone and as a visitor's browser sees it, and what a visitor costs.

    MNIST_PATH=… .venv/bin/python -m tests.benchmarks.explore [--rounds 7] [--visitors 8]

Alone: seconds, and in brackets the processor's own, which other work on the machine hardly lengthens. On screen: from
the click until the new content stands in the page and two frames have been painted.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from tests.benchmarks.machine import chromium_path, describe
from tests.browser.conftest import FLAGS, Server, wait_idle

# The grid lives in a shadow root; `cells()` finds its digits. The page itself notes when it was clicked.
_CELLS = """() => { window.cells = () => [...document.querySelectorAll('.st-key-explore_grid *')]
    .flatMap(e => e.shadowRoot ? [...e.shadowRoot.querySelectorAll('.grid > button')] : []);
    addEventListener('pointerdown', () => { window.clicked = performance.now(); }, true); }"""
_PAINTED = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(
    () => done((performance.now() - window.clicked) / 1000))))"""
VIEWS = ("grid", "numbers", "counts", "means", "map", "odd")


class Took(NamedTuple):
    """What a piece of work took."""

    seconds: float
    processor: float | None = None  # seconds of it, summed over threads


def timed(work: Callable[[], object]) -> Took:
    began, busy = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - began, time.process_time() - busy)


def alone(rounds: int) -> None:
    """The work behind the page, in this process."""
    from core.data import mnist, morphology, neighbours, projections
    from pages.shared.digit_grid import montage

    first = timed(mnist.load)
    again = [timed(mnist.load) for _ in range(rounds)]
    data = mnist.load()
    row("MNIST read from its .npz and kept", [first])
    row("MNIST opened from the kept copy", again)
    row("PCA of all images, first time", [timed(lambda: projections.load_axes(data))])
    row("PCA of all images, from the home", [timed(lambda: projections.load_axes(data)) for _ in range(rounds)])
    row("traits of 54,000 digits, first time", [timed(lambda: morphology.measure(data.train))])
    images = [data.train.images[i] for i in range(rounds)]
    row("neighbours of a digit among 60,000", [
        timed(lambda image=image: [neighbours.find_nearest(part.images, image, 9) for part in data[:2]])
        for image in images
    ])  # fmt: skip
    ink = morphology.measure(data.train)["ink"]
    row("sorting 54,000 digits", [timed(lambda: np.argsort(ink, kind="stable")) for _ in range(rounds)])
    row("montage of 400 digits", [timed(lambda: montage(data.train.images[:400])) for _ in range(rounds)])


def row(what: str, times: list[Took]) -> None:
    median = statistics.median(took.seconds for took in times)
    processor = "" if times[0].processor is None else f" ({statistics.median(took.processor for took in times):.3f})"
    print(f"| {what} | {median:.3f}{processor} | {max(took.seconds for took in times):.3f} |", flush=True)


def until(page: Page, action: Callable[[], object], condition: str) -> Took:
    """Seconds from the click of `action` until `condition` holds and is painted."""
    action()
    page.wait_for_function(condition, polling="raf", timeout=30_000)
    seconds = page.evaluate(_PAINTED)
    wait_idle(page)
    page.wait_for_timeout(250)
    return Took(seconds)


def choose(page: Page, label: str, option: str) -> Callable[[], None]:
    """Opens a box, then gives the click on one of its options."""
    page.get_by_label(label, exact=True).first.click()
    entry = page.get_by_role("option", name=option, exact=True)
    entry.wait_for()
    return entry.click


def on_screen(page: Page, rounds: int) -> None:
    page.goto("/explore")
    wait_idle(page)
    page.evaluate(_CELLS)
    page.wait_for_function("cells().length == 100")
    times = []
    for n in range(rounds):
        pill = page.get_by_role("button", name=str(n % 10), exact=True)
        times.append(until(page, pill.click, f"cells()[0]?.title.startsWith('{n % 10} ·')"))
        pill.click()
        page.wait_for_function("cells()[0]?.title.endsWith('· 0')")
        wait_idle(page)
    row("filter by a digit, on screen", times)
    for option in ("By ink", "By thickness", "By slant", "By distance from the class mean", "Shuffled"):
        times = []
        for _ in range(rounds):
            before = page.evaluate("cells()[0].title")
            times.append(until(page, choose(page, "Order", option), f"cells()[0]?.title != {before!r}"))
            until(page, choose(page, "Order", "As in the file"), "cells()[0]?.title.endsWith('· 0')")
        row(f"order: {option.lower()}, on screen", times)
    times = []
    for _ in range(rounds):
        times.append(until(page, choose(page, "At a time", "400"), "cells().length == 400"))
        until(page, choose(page, "At a time", "25"), "cells().length == 25")
    row("400 digits drawn, on screen", times)
    times = []
    for n in range(rounds):
        cell = page.locator(".st-key-explore_grid button").nth(n + 1)
        heading = f"document.querySelector('h3')?.innerText.includes('digit {n + 1}:')"
        times.append(until(page, cell.click, heading))
    row("a digit opened with its neighbours, on screen", times)


def visitors(browser: Browser, server: Server, n: int) -> None:
    """What the server's memory grows by for each further visitor who goes through every view."""

    def visit() -> None:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=server.url)
        page = context.new_page()
        for view in VIEWS:
            page.goto(f"/explore?view={view}")
            wait_idle(page)
        contexts.append(context)

    contexts: list = []
    process = psutil.Process(server.process.pid)
    for _ in range(2):
        visit()  # what is shared by all is now in place
    before = process.memory_info().rss
    for _ in range(n):
        visit()
    grown = (process.memory_info().rss - before) / 2**20
    now, mapped = process.memory_info().rss / 2**20, memory_of_files(process)
    print(
        f"\nServer with {n + 2} visitors who have seen every view: {now:.0f} MB, {mapped:.0f} of them the mapped data."
    )
    print(f"A visitor more costs {grown / n:.1f} MB.")


def memory_of_files(process: psutil.Process) -> float:
    """MB of mapped .npy files that lie in memory; the system takes them back when it needs the room."""
    return sum(part.rss for part in process.memory_maps() if part.path.endswith(".npy")) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--visitors", type=int, default=8)
    parser.add_argument("--alone", action="store_true", help="leave the browser out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, sync_playwright() as play:
        os.environ["DIGIT_LAB_HOME"] = home
        print(
            f"{describe('scikit-learn', 'plotly')}; load {os.getloadavg()[0]:.1f}",
            "\n\n| what | median s | slowest s |\n|---|--:|--:|",
        )
        alone(options.rounds)
        if options.alone:
            return
        browser = play.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        server = Server(Path(home))
        page = browser.new_page(viewport={"width": 1280, "height": 900}, base_url=server.url)
        on_screen(page, options.rounds)
        visitors(browser, server, options.visitors)
        server.stop()
        browser.close()


if __name__ == "__main__":
    main()
