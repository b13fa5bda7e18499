"""How long Compare keeps a visitor waiting with 500 runs of 2,000 points each.

    python -m tests.benchmarks.compare [--runs 500] [--points 2000] [--rounds 5] [--home DIR]

A real Chromium on a started dashboard. Opening is timed from the click on the navigation until the script has come to
rest and the table and the charts are drawn; a control from its click until what it changes is on the screen. `--home`
keeps the made-up runs for another time.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core.config import RunConfig
from core.runs import RunStore
from core.summaries import Summaries
from tests.benchmarks.machine import chromium_path, describe
from tests.browser.conftest import FLAGS, Server, wait_idle
from tests.made_runs import make

UNITS, RATES = (32, 64, 128, 256, 512), (0.0003, 0.001, 0.003, 0.01)


def fill(home: Path, runs: int, points: int) -> None:
    """Makes so many runs: 25 experiments of 20 seeds each, so that there is something to group."""
    store = RunStore(home)
    for number in range(len(store.runs()), runs):
        units, rate = UNITS[number % 5], RATES[number // 5 % 4]
        config = RunConfig(units=units, learning_rate=rate, seed=number // 20 + 1, epochs=10)
        make(store, config, level=0.95 + 0.005 * (number % 7), points=points)


def timed(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def drawn(page: Page, charts: int = 4) -> None:
    """Until the table and the charts are there."""
    expect(page.locator(".runs tbody tr").first).to_be_visible()
    expect(page.locator(".overlay-plot[data-traces]")).to_have_count(charts)
    wait_idle(page)


def opened(page: Page) -> None:
    page.get_by_test_id("stTopNavLink").filter(has_text="Compare").click()
    drawn(page)


def returned(page: Page) -> None:
    """To Start and back again."""
    page.get_by_test_id("stTopNavLink").filter(has_text="Start").click()
    expect(page.locator(".runs")).to_have_count(0)
    wait_idle(page)
    opened(page)


def ticked(page: Page) -> None:
    """One run more in the charts: until the charts have its curves."""
    plot = page.locator(".overlay-plot").first
    before = plot.get_attribute("data-traces")
    page.locator(".runs tbody input[type=checkbox]:not(:checked)").first.click()
    expect(plot).not_to_have_attribute("data-traces", before or "")


def along(page: Page) -> None:
    """Another axis: until the chart names it."""
    title = page.locator(".overlay-plot .xtitle").first
    other = "Step" if title.text_content() == "Epoch" else "Epoch"
    page.locator(".st-key-compare_unit").get_by_text(other, exact=True).click()
    expect(title).to_have_text(other)


def filtered(page: Page) -> None:
    """Another word in the filter: until the count has changed."""
    box, count = page.get_by_label("Filter the runs by words"), page.locator(".runs .count")
    before = count.inner_text()
    box.fill("units:64" if box.input_value() != "units:64" else "units:128 learning_rate:0.01")
    expect(count).not_to_have_text(before)


def sorted_by(page: Page) -> None:
    """Another order: until the column says so."""
    column = page.locator(".runs thead th:has([data-sort=best])")
    before = column.get_attribute("aria-sort")
    column.get_by_role("button").click()
    expect(column).not_to_have_attribute("aria-sort", before or "")


def starred(page: Page) -> None:
    """A star: until the folder has it and the script has come to rest."""
    page.locator(".runs tbody [data-do=star]").nth(3).click()
    page.wait_for_timeout(1)
    wait_idle(page)


def server_side(home: Path) -> list[tuple[str, float]]:
    """Milliseconds of the store on its own, after the first look."""
    store, summaries = RunStore(home), Summaries()
    times = [("`RunStore.runs()`, first look", timed(lambda: store.runs()))]
    times += [("`RunStore.active()`, first look", timed(lambda: store.active()))]
    times += [("every summary, first look", timed(lambda: [summaries.of(run) for run in store.runs()]))]
    for name, look in (("runs", store.runs), ("active", store.active)):
        times += [(f"`RunStore.{name}()`, nothing changed", min(timed(look) for _ in range(20)))]
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("runs", 500), ("points", 2000), ("rounds", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--home", default="")
    options = parser.parse_args()
    with (
        nullcontext(options.home) if options.home else tempfile.TemporaryDirectory() as home,
        sync_playwright() as play,
    ):
        os.makedirs(home, exist_ok=True)
        fill(Path(home), options.runs, options.points)
        print(describe(), f"\n\n{options.runs} runs of {options.points} points; n = {options.rounds}.\n")
        print("| what | milliseconds |\n|---|---|")
        for name, seconds in server_side(Path(home)):
            print(f"| {name} | {1000 * seconds:.1f} |", flush=True)
        _visit(play.chromium.launch(executable_path=chromium_path(), args=FLAGS), Server(Path(home)), options.rounds)


class Clock:
    """Wall clock, and the processor time of the dashboard and of the page together.

    On a machine with other work the first says little; the second is what the first comes to on one that has none, as
    server and page mostly wait for one another.
    """

    def __init__(self, page: Page, server: Server) -> None:
        self._server = psutil.Process(server.process.pid)
        self._page = page.context.new_cdp_session(page)
        self._page.send("Performance.enable", {"timeDomain": "threadTicks"})

    def of(self, act: Callable[[], None]) -> tuple[float, float]:
        before = self._spent()
        wall = timed(act)
        return wall, self._spent() - before

    def _spent(self) -> float:
        server = self._server.cpu_times()
        metrics = {each["name"]: each["value"] for each in self._page.send("Performance.getMetrics")["metrics"]}
        return server.user + server.system + metrics["TaskDuration"]


def _visit(browser: Browser, server: Server, rounds: int) -> None:
    page = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=server.url).new_page()
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    page.goto("/")
    wait_idle(page)
    clock = Clock(page, server)
    print("\n| what | median s | slowest s | median s of processor time |\n|---|---|---|---|")
    first = clock.of(lambda: opened(page))
    print(f"| Compare opens, the first time after the server's start | {first[0]:.2f} | | {first[1]:.2f} |", flush=True)
    for name, act in (
        ("Compare opens once more", returned),
        ("tick a run: its curves are there", ticked),
        ("another axis", along),
        ("filter the table", filtered),
        ("sort the table", sorted_by),
        ("star a run", starred),
    ):
        walls, spent = zip(*[clock.of(lambda act=act: act(page)) for _ in range(rounds)], strict=True)
        print(
            f"| {name} | {statistics.median(walls):.2f} | {max(walls):.2f} | {statistics.median(spent):.2f} |",
            flush=True,
        )
    print(f"\nLoad of the machine meanwhile (1 = one process that computes): {os.getloadavg()[0]:.1f}.")
    server.stop()
    browser.close()


if __name__ == "__main__":
    main()
