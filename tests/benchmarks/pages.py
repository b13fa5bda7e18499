"""How long the dashboard keeps a visitor waiting, in a real Chromium, and how much memory its server takes.

    .venv/bin/python -m tests.benchmarks.pages [--rounds 5]

First page: from the request of a fresh visitor until its title stands and its script rests. A page: the same for
each of the others. A control: from the click until the script rests again. Stroke: from the pen's lift until new bars
stand.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pages.shared.frame import PAGES
from tests.benchmarks.machine import chromium_path, describe
from tests.browser.conftest import FLAGS, Server, stroke, wait_idle

SEVEN = [(70, 70), (210, 70), (120, 230)]


def seconds(action: Callable[[], object], page: Page) -> float:
    began = time.perf_counter()
    action()
    wait_idle(page)
    return time.perf_counter() - began


def opened(browser: Browser, server: Server, name: str) -> float:
    """One fresh visitor opens one page."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=server.url)
    page = context.new_page()
    began = time.perf_counter()
    page.goto(f"/{'' if name == 'start' else name}")
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=30_000)
    wait_idle(page)
    took = time.perf_counter() - began
    context.close()
    return took


def strokes(browser: Browser, server: Server, rounds: int) -> Iterator[float]:
    """Seconds from a stroke's end until the answer has changed; the first, which wakes the network, is left out."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=server.url)
    page = context.new_page()
    page.goto("/draw")
    wait_idle(page)
    answer = page.locator(".st-key-answer")
    for number in range(rounds + 1):
        before = answer.inner_text() if answer.count() else ""
        stroke(page, [(x + 2 * number, y + number) for x, y in SEVEN])
        began = time.perf_counter()
        expect(answer).not_to_have_text(before, timeout=60_000)
        if number:
            yield time.perf_counter() - began
        page.get_by_role("button", name="Clear", exact=True).click()
        page.wait_for_timeout(800)
    context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as home, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        server = Server(Path(home))
        print(describe(), "\n\n| what | median s | slowest s |\n|---|---|---|")
        print(f"| the first visit after the server's start | {opened(browser, server, 'start'):.2f} | |")
        for page in PAGES:
            times = [opened(browser, server, page.name) for _ in range(rounds)]
            print(f"| {page.title} opens | {statistics.median(times):.2f} | {max(times):.2f} |", flush=True)
        memory = psutil.Process(server.process.pid).memory_info().rss / 2**20
        times = list(strokes(browser, server, rounds))
        print(f"| stroke's end to new bars on Draw | {statistics.median(times):.2f} | {max(times):.2f} |")
        print(f"\nServer before any prediction: {memory:.0f} MB; after: "
              f"{psutil.Process(server.process.pid).memory_info().rss / 2**20:.0f} MB.")  # fmt: skip
        server.stop()
        browser.close()


if __name__ == "__main__":
    main()
