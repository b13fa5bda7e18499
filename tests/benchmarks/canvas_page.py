"""Draw in a real browser, for benchmarks of the canvas."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from core.runs.control import ControlRequests
from core.runs.store import RunStore
from tests.benchmarks.machine import chromium_path
from tests.browser.conftest import FLAGS, Server

PLACES = {False: "idle", True: "beside a run that trains"}


@contextmanager
def open_canvas(*, training: bool) -> Iterator[Page]:
    """Draw with its canvas, on a server that nobody has asked anything; `training`: beside a run that trains."""
    with tempfile.TemporaryDirectory() as home, sync_playwright() as play:
        server = Server(Path(home))
        browser = play.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        page = browser.new_page(base_url=server.url)
        if training:
            page.goto("/train?units=512&epochs=500")
            page.get_by_role("button", name="Start", exact=True).click()
            page.get_by_role("button", name="Pause").wait_for(timeout=60_000)
        page.goto("/draw")
        page.locator("canvas.upper-canvas").first.wait_for(timeout=60_000)
        yield page
        browser.close()
        for run in RunStore(Path(home)).active():
            ControlRequests(run).stop()
        server.stop()
