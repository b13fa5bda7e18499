"""A started dashboard and a real Chromium, shared by all browser tests.

A test fails on a console error, on an exception shown on the page, on a request that leaves the machine, and on a
traceback in the server's log. Without a Chromium the tests are skipped and say so; with CI=true that is a failure.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip
# Streamlit probes these under every deep link and falls back: two harmless 404s.
HARMLESS = re.compile(r"404 \(Not Found\)")
SEVEN = [(70, 70), (210, 70), (120, 230)]  # a 7, in pixels of the canvas
OURS = re.compile(r"(?!(http|ws)s?://)|(http|ws)s?://127\.0\.0\.1")  # data:, blob:, and this machine


expect.set_options(timeout=20_000)  # a loaded machine is slow; what is wrong stays wrong


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Server:
    """A dashboard in its own process and home. It can be killed and started again on the same port."""

    working_directory = ROOT

    def __init__(self, home: Path, script: str = "streamlit_app.py", **environment: str) -> None:
        self.home = home
        self.script, self.environment = script, environment
        self.log = home / "server.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        environment = {**os.environ, "DIGIT_LAB_HOME": str(self.home), **self.environment}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=self.working_directory, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        for _ in range(300):
            try:
                if urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1).read() == b"ok":
                    return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"The dashboard did not start:\n{self.log.read_text()}")

    def command(self) -> list[str]:
        """What starts the dashboard."""
        return [sys.executable, "-m", "streamlit", "run", self.script, "--server.port", str(self.port),
                "--server.headless", "true"]  # fmt: skip

    def kill(self) -> None:
        """As `kill -9` does it."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()


@pytest.fixture(scope="session")
def chromium() -> str:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        reason = "no Chromium on this machine: install Debian's `chromium`, or set CHROMIUM to one"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def server(chromium: str) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="digit-lab-browser-", ignore_cleanup_errors=True) as home:
        server = Server(Path(home))
        yield server
        server.stop()
        # One is known and Streamlit's own: a visitor who leaves while its websocket is being accepted. Others count.
        known, places = "_websocket_endpoint", ("pages/", "/core/", "streamlit_app.py")
        log_text = server.log.read_text()
        assert "Inotify" not in log_text, "the server watches the files that workers read, which takes a core"
        traces = log_text.split("Traceback")[1:]
        ours = [trace for trace in traces if known not in trace or any(place in trace for place in places)]
        assert not ours, ours[0][:3000]


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


def arrival(browser: Browser, server: Server, **manner: Any) -> BrowserContext:
    """A browser that has never been here. Nothing moves for show in it: drawing that in software takes a core."""
    manner = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **manner}
    context = browser.new_context(base_url=server.url, **manner)
    context.set_default_timeout(30_000)
    return context


@contextmanager
def tab(context: BrowserContext) -> Iterator[Page]:
    """A tab of a visitor's browser. What must not happen on any page, in any tab, is checked when it is closed."""
    problems: list[str] = []
    watched = {
        "console": lambda m: problems.append(m.text) if m.type == "error" and not HARMLESS.search(m.text) else None,
        "weberror": lambda error: problems.append(str(error.error)),
        "request": lambda r: problems.append(r.url) if not OURS.match(r.url) else None,
    }
    for event, note in watched.items():
        context.on(event, note)
    yield context.new_page()
    broken = [text for page in context.pages for text in page.get_by_test_id("stException").all_inner_texts()]
    for page in context.pages:
        page.close()
    for event, note in watched.items():
        context.remove_listener(event, note)
    assert not broken
    assert not problems


@contextmanager
def visitor(browser: Browser, server: Server, **manner: Any) -> Iterator[Page]:
    """A visitor whom nobody else is; `manner` as Playwright's contexts have it."""
    context = arrival(browser, server, **manner)
    try:
        with tab(context) as page:
            yield page
    finally:
        context.close()


@pytest.fixture(scope="session")
def regular(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """The browser of one who comes often, so that it has read Streamlit before."""
    context = arrival(browser, server)
    yield context
    context.close()


@pytest.fixture
def newcomer(browser: Browser, server: Server) -> Iterator[Page]:
    """The page of one who was never here, for whom nothing is remembered."""
    with visitor(browser, server) as page:
        yield page


@pytest.fixture
def page(regular: BrowserContext) -> Iterator[Page]:
    with tab(regular) as page:
        yield page


def step_back(process: int) -> None:
    """Lets a training run take only what the tests leave: it would train on both cores until a test stops it."""
    for thread in psutil.Process(process).threads():
        with suppress(ProcessLookupError):  # it has just ended
            os.setpriority(os.PRIO_PROCESS, thread.id, 19)


AT_REST = """() => {
  const app = document.querySelector("[data-testid=stApp]")?.dataset;
  const loaded = [...document.images].every((image) => image.complete || image.loading === "lazy");
  return app?.testConnectionState === "CONNECTED" && app.testScriptState === "notRunning" && loaded;
}"""


def wait_idle(page: Page) -> None:
    """Until the page's script has come to rest and its pictures are there: the server forgets those of the view before.

    Not by `expect`: that looks ever more seldom, and describes the element in words each time, which for a whole page
    takes more of the processor than the page itself.
    """
    page.wait_for_function(AT_REST, polling=20, timeout=30_000)


def visit(page: Page, path: str) -> None:
    page.goto(path)
    wait_idle(page)


def follow(page: Page, title: str) -> None:
    """Goes to another page by the navigation at the top."""
    page.get_by_test_id("stTopNavLink").filter(has_text=title).click()
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    wait_idle(page)


def stroke(page: Page, points: list[tuple[float, float]], canvas: Locator | None = None) -> None:
    """Draws one stroke with the mouse, in the canvas' own pixels."""
    surface = canvas or page.locator("canvas.upper-canvas").first
    surface.scroll_into_view_if_needed()
    box = surface.bounding_box()
    assert box
    page.mouse.move(box["x"] + points[0][0], box["y"] + points[0][1])
    page.mouse.down()
    for x, y in points[1:]:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=6)
    page.mouse.up()
