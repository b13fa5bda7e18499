"""How long the dashboard keeps a visitor waiting, in a real Chromium, and how much memory its server takes.

    MNIST_PATH=… .venv/bin/python -m tests.benchmarks.pages [--rounds 7]

A page is open when a fresh visitor, whose browser has kept nothing, sees its title, its script rests and every
control stands where its placeholder was; one row is of a browser that has read Streamlit's own scripts before. A
control has answered when the script that its click began has come to rest: what it changes stands there before.
Beside the pages stands the least that Streamlit can do on the same machine in the same minute: a page with a title
alone.
From a stroke to the bars: `tests.benchmarks.draw_latency`.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Locator, Page, TimeoutError, sync_playwright

from pages.shared.frame import PAGES
from tests.benchmarks.machine import chromium_path, describe
from tests.browser.conftest import FLAGS, Server

# Milliseconds since the request. Not by Playwright's `expect`: it looks only now and then, and costs more than a page.
_OPEN = """() => { const app = document.querySelector('[data-testid=stApp]')?.dataset;
    return app?.testConnectionState === 'CONNECTED' && app.testScriptState === 'notRunning' &&
        document.querySelector('h1')?.innerText && !document.querySelector('[data-testid=stSkeleton]') &&
        performance.now(); }"""
# The browser itself notes when it was clicked and when the script that this began has ended.
_CLOCK = """() => { window.took = null; let clicked = 0, ran = false;
    const begin = () => { clicked = performance.now(); ran = false; window.took = null; };
    addEventListener('click', begin, true); addEventListener('keydown', begin, true);
    const app = document.querySelector('[data-testid=stApp]');
    new MutationObserver(() => { const resting = app.dataset.testScriptState === 'notRunning';
        if (!resting) ran = true; else if (ran && clicked) window.took ??= (performance.now() - clicked) / 1000;
    }).observe(app, { attributes: true, attributeFilter: ['data-test-script-state'] }); }"""
# What a visitor of each page turns first: its name, where it is, and what is done to it.
CONTROLS: dict[str, list[tuple[str, Callable[[Page], Locator], str]]] = {
    "explore": [
        ("filter by digit", lambda page: page.get_by_role("button", name="3", exact=True), "click"),
        ("next page of the grid", lambda page: page.get_by_role("button", name="Increment").first, "click"),
        ("test or training", lambda page: _other(page), "click"),
    ],
    "prepare": [
        ("another digit", lambda page: page.get_by_role("button", name="Random digit"), "click"),
        ("another step", lambda page: _other(page), "click"),
    ],
    "train": [
        ("units", lambda page: page.get_by_role("slider", name="Units"), "arrows"),
        ("dropout", lambda page: page.get_by_role("slider", name="Dropout"), "arrows"),
    ],
    "compare": [("runs or sweeps", lambda page: _other(page), "click")],
    "evaluate": [("test or validation", lambda page: _other(page), "click")],
    "draw": [("a digit or a number", lambda page: _other(page), "click")],
}


def _other(page: Page) -> Locator:
    """The first of the page's choices that is not chosen."""
    return page.get_by_test_id("stMain").get_by_role("radio", checked=False).first


@contextmanager
def visitor(browser: Browser, server: Server) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=server.url)
    yield context.new_page()
    context.close()


def opened(browser: Browser, server: Server, path: str) -> float:
    """Seconds from the request until one fresh visitor has one page open, by the browser's own clock."""
    with visitor(browser, server) as page:
        return waited(page, path)


def waited(page: Page, path: str) -> float:
    """Seconds from the request until the page is open."""
    page.goto(path, wait_until="commit")
    return page.wait_for_function(_OPEN, polling="raf", timeout=30_000).json_value() / 1000


def opened_again(browser: Browser, server: Server, rounds: int) -> list[float]:
    """Seconds until Start is open in a new tab, in a browser that has been here before."""
    with visitor(browser, server) as page:
        waited(page, "/")
        times = []
        for _ in range(rounds):
            tab = page.context.new_page()
            times.append(waited(tab, "/"))
            tab.close()
        return times


def answered(page: Page, control: Locator, action: str) -> float:
    """Seconds until the page has answered one click or key on one control."""
    for _ in range(5):
        if action == "click":
            control.click()
        else:
            control.press(action)
        try:
            page.wait_for_function("window.took !== null", polling=50, timeout=5_000)
        except TimeoutError:  # it rested between two frames of the browser, or the key came while it was drawn again
            continue
        page.wait_for_timeout(300)
        return page.evaluate("window.took")
    raise RuntimeError(f"{control} has not answered.")


def row(what: str, times: list[float], least: float | None = None) -> None:
    ratio = "" if least is None else f"{statistics.median(times) / least:.2f}"
    print(f"| {what} | {statistics.median(times):.2f} | {max(times):.2f} | {ratio} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as home, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        empty = Server(Path(home), "tests/benchmarks/empty_app.py")
        server = Server(Path(home))
        print(describe(), "\n\n| what | median s | slowest s | of the empty page's |\n|---|---|---|---|")
        first = opened(browser, server, "/")
        opened(browser, empty, "/")
        times: dict[str, list[float]] = {"": []}
        memory: list[float] = []
        for _ in range(rounds):  # in turns, for machines are quicker at one minute than at another
            times[""].append(opened(browser, empty, "/"))
            for page in PAGES:
                if page.name == "draw":  # a second after it is opened, it begins to import Keras for the first stroke
                    memory.append(psutil.Process(server.process.pid).memory_info().rss / 2**20)
                path = "/" if page.name == "start" else f"/{page.name}"
                times.setdefault(page.title, []).append(opened(browser, server, path))
        least = statistics.median(times[""])
        row("an empty Streamlit page opens", times.pop(""))
        row("the first visit after the server's start", [first], least)
        for title, took in times.items():
            row(f"{title} opens", took, least)
        row("Start opens again, in a browser that was here", opened_again(browser, server, rounds), least)
        controls(browser, server, rounds)
        print(f"\nServer before any prediction, when every page but Draw was opened: {memory[0]:.0f} MB.")
        server.stop()
        empty.stop()
        browser.close()


def controls(browser: Browser, server: Server, rounds: int) -> None:
    for name, found in CONTROLS.items():
        with visitor(browser, server) as page:
            page.goto(f"/{name}")
            page.wait_for_function(_OPEN, polling="raf", timeout=30_000)
            page.evaluate(_CLOCK)
            for what, locate, action in found:
                keys = ["ArrowRight", "ArrowLeft"] if action == "arrows" else [action]  # to and fro: a slider has ends
                times = [answered(page, locate(page), key) for key, _ in zip(cycle(keys), range(rounds + 1))][1:]
                row(f"{name.title()}: {what}", times)


if __name__ == "__main__":
    main()
