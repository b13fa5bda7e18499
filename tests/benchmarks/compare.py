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
from playwright.sync_api import Browser, Page, sync_playwright

from core.config.run_config import RunConfig
from core.runs.store import RunStore
from core.runs.summaries import Summaries
from tests.benchmarks.machine import chromium_path, describe
from tests.browser.conftest import FLAGS, Server, wait_idle
from tests.made_runs import make

BEGIN = """for (const kind of ["pointerdown", "input"])
  addEventListener(kind, () => (window.began ||= performance.now()), true);
window.runs = 0;
const app = document.querySelector("[data-testid=stApp]");
new MutationObserver(() => (window.runs += app.dataset.testScriptState === "running"))
  .observe(app, { attributes: true, attributeFilter: ["data-test-script-state"] })"""
TABLE = "document.querySelector('.st-key-compare_table [data-testid=stBidiComponentIsolated]')?.shadowRoot"
ROWS = f"{TABLE}?.querySelectorAll('tbody tr')"
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


def until(page: Page, condition: str, *values: object) -> None:
    """Until the JavaScript holds. It is looked at with every frame; Playwright's locators look ever more seldom."""
    page.wait_for_function(f"([...values]) => {condition}", arg=list(values), polling="raf", timeout=60_000)


def opened(page: Page) -> None:
    """Until the script has come to rest, the table is there, and so are the two charts that are in sight."""
    page.get_by_test_id("stTopNavLink").filter(has_text="Compare").click()
    until(page, f"{ROWS}?.length && document.querySelectorAll('.overlay-plot[data-traces]').length > 1")
    wait_idle(page)


def leave(page: Page) -> None:
    page.get_by_test_id("stTopNavLink").filter(has_text="Start").click()
    until(page, "!document.querySelector('.overlay-plot')")
    wait_idle(page)


def ticked(page: Page) -> None:
    """One run more in the charts: until the first chart, which is in sight, has its curve."""
    before = page.locator(".overlay-plot").first.get_attribute("data-traces")
    page.locator(".runs tbody input[type=checkbox]:not(:checked)").first.click()
    until(page, "document.querySelector('.overlay-plot').dataset.traces !== values[0]", before)


def along(page: Page) -> None:
    """Another axis: until the chart names it."""
    other = "Step" if page.locator(".overlay-plot .xtitle").first.text_content() == "Epoch" else "Epoch"
    page.locator(".st-key-compare_unit").get_by_text(other, exact=True).click()
    until(page, "document.querySelector('.overlay-plot .xtitle').textContent === values[0]", other)


def filtered(page: Page) -> None:
    """Another word in the filter: until the count has changed."""
    box, before = page.get_by_label("Filter the runs by words"), page.locator(".runs .count").inner_text()
    box.fill("units:64" if box.input_value() != "units:64" else "units:128 learning_rate:0.01")
    until(page, f"{TABLE}.querySelector('.count').textContent !== values[0]", before)


def sorted_by(page: Page) -> None:
    """Another order: until the column says so."""
    column = page.locator(".runs thead th:has([data-sort=best])")
    before = column.get_attribute("aria-sort")
    column.get_by_role("button").click()
    until(page, f"{TABLE}.querySelector('th:has([data-sort=best])').ariaSort !== values[0]", before)


def starred(page: Page) -> None:
    """A star: until the table shows it, Python has kept it and the script has come to rest."""
    star = page.locator(".runs tbody [data-do=star]").nth(3)
    before, runs = star.get_attribute("aria-pressed"), page.evaluate("window.runs")
    star.click()
    until(page, f"{ROWS}[3].querySelector('[data-do=star]').ariaPressed !== values[0]", before)
    until(page, "window.runs > values[0]", runs)
    wait_idle(page)


def server_side(home: Path) -> list[tuple[str, float]]:
    """Milliseconds of the store on its own, after the first look."""
    store, summaries = RunStore(home), Summaries()
    times = [("`RunStore.runs()`, first look", timed(lambda: store.runs()))]
    times += [("`RunStore.active()`, first look", timed(lambda: store.active()))]
    times += [("every summary, first look", timed(lambda: [summaries.get(run) for run in store.runs()]))]
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
        self._page = page
        page.evaluate(BEGIN)
        self._cost = page.context.new_cdp_session(page)
        self._cost.send("Performance.enable", {"timeDomain": "threadTicks"})

    def of(self, act: Callable[[Page], None]) -> tuple[float, float]:
        """Seconds from the visitor's click or key to the end of `act`; Playwright's way to the click is not counted."""
        spent = self._spent()
        self._page.evaluate("window.began = 0")
        act(self._page)
        wall = self._page.evaluate("performance.now() - window.began") / 1000
        return wall, self._spent() - spent

    def _spent(self) -> float:
        server = self._server.cpu_times()
        metrics = {each["name"]: each["value"] for each in self._cost.send("Performance.getMetrics")["metrics"]}
        return server.user + server.system + metrics["TaskDuration"]


def _visit(browser: Browser, server: Server, rounds: int) -> None:
    page = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=server.url).new_page()
    page.set_default_timeout(60_000)
    page.goto("/")
    wait_idle(page)
    clock = Clock(page, server)
    print("\n| what | median s | slowest s | median s of processor time |\n|---|---|---|---|")
    first = clock.of(opened)
    print(f"| Compare opens, the first time after the server's start | {first[0]:.2f} | | {first[1]:.2f} |", flush=True)
    for name, act in (
        ("Compare opens once more", opened),
        ("tick a run: its curves are there", ticked),
        ("another axis", along),
        ("filter the table", filtered),
        ("sort the table", sorted_by),
        ("star a run", starred),
    ):
        times = []
        for _ in range(rounds):
            if act is opened:
                leave(page)
            times.append(clock.of(act))
            page.wait_for_timeout(500)
        walls, spent = zip(*times, strict=True)
        print(
            f"| {name} | {statistics.median(walls):.2f} | {max(walls):.2f} | {statistics.median(spent):.2f} |",
            flush=True,
        )
    print(f"\nLoad of the machine meanwhile (1 = one process that computes): {os.getloadavg()[0]:.1f}.")
    server.stop()
    browser.close()


if __name__ == "__main__":
    main()
