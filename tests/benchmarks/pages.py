"""How long the dashboard keeps a visitor waiting, in a real Chromium, and how much memory its server takes.

    .venv/bin/python -m tests.benchmarks.pages [--rounds 5]

A page is open when a fresh visitor, whose browser has kept nothing, sees its title and its script rests. From a
stroke to the bars: `tests.benchmarks.draw_latency`.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import Browser, expect, sync_playwright

from pages.shared.frame import PAGES
from tests.benchmarks.machine import chromium_path, describe
from tests.browser.conftest import FLAGS, Server, wait_idle


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
        print(f"\nServer before any prediction, all pages opened: {memory:.0f} MB.")
        server.stop()
        browser.close()


if __name__ == "__main__":
    main()
