"""The note about the download of the full set, on a machine whose requests get no answer."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core.config.run_config import RunConfig
from core.runs.control import ControlRequests
from core.runs.store import RunStore
from pages.shared.data_status import OFFLINE_AFTER
from tests.browser.conftest import Server, visit, visitor
from tests.small_run import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def offline(chromium: str, tmp_path: Path) -> Iterator[Server]:
    """A dashboard without data, behind a proxy that takes connections and never answers."""
    with socket.socket() as proxy:
        proxy.bind(("127.0.0.1", 0))
        proxy.listen(64)
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        server = Server(
            tmp_path,
            MNIST_PATH="",
            KERAS_HOME=str(tmp_path),
            https_proxy=address,
            HTTPS_PROXY=address,
            DIGIT_LAB_SPARE="0",
        )
        yield server
        server.stop()


def top_of_start(page: Page) -> float:
    box = page.get_by_role("button", name="Start", exact=True).bounding_box()
    assert box
    return box["y"]


@pytest.mark.parametrize(
    "manner",
    [{}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}],
    ids=["light", "dark", "phone"],
)
def test_without_a_connection_the_note_moves_nothing_says_what_to_do_and_stays_away(
    browser: Browser, offline: Server, manner: dict
):
    with visitor(browser, offline, **manner) as page:
        visit(page, "/train")
        note = page.locator(".st-key-download_note")
        expect(note).to_contain_text("Downloading")
        page.wait_for_timeout(1500)  # the page itself is drawn
        before = top_of_start(page)
        expect(note).to_contain_text("No connection yet", timeout=int(1000 * OFFLINE_AFTER) + 5000)
        page.wait_for_timeout(300)
        assert top_of_start(page) == before, "the note moved the page"
        note.get_by_role("button", name="What to do").click()
        expect(page.get_by_test_id("stPopoverBody")).to_contain_text("train-images-idx3-ubyte.gz")
        page.get_by_role("button", name="Dismiss").click()
        expect(note).to_have_count(0)
        page.wait_for_timeout(1500)  # longer than its timer
        expect(note).to_have_count(0)
        visit(page, "/explore")
        expect(page.get_by_text("5,000 real MNIST images").first).to_be_visible()
        page.wait_for_timeout(1500)
        expect(note).to_have_count(0)


def test_a_run_beside_the_note_moves_nothing(browser: Browser, offline: Server):
    def top_of_controls(page: Page) -> float:
        visit(page, "/explore")
        expect(page.locator(".st-key-download_note")).to_contain_text("No connection yet", timeout=30_000)
        box = page.get_by_role("radio", name="Grid").bounding_box()
        assert box
        return box["y"]

    with visitor(browser, offline, viewport={"width": 1280, "height": 800}) as page:
        before = top_of_controls(page)
        run = RunStore(offline.home).create(RunConfig(epochs=500), queued=True, recipe="first-network")
        try:
            assert top_of_controls(page) == before
            expect(page.get_by_role("link", name="Training first-network: epoch")).to_be_visible(timeout=60_000)
            assert page.get_by_role("radio", name="Grid").bounding_box()["y"] == before  # type: ignore[index]
        finally:
            ControlRequests(run).stop()
            wait_until(lambda: not run.active, 60)
