"""The note about the download of the full set, on a machine whose requests get no answer."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pages.shared.data_status import OFFLINE_AFTER
from tests.browser.conftest import Server, visit, visitor

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
        expect(note.get_by_role("button", name="Dismiss")).to_be_visible()
        page.wait_for_timeout(300)
        assert top_of_start(page) == before, "the note moved the page"
        note.get_by_role("button", name="What to do").click()
        expect(page.get_by_test_id("stPopoverBody")).to_contain_text("train-images-idx3-ubyte.gz")
        page.keyboard.press("Escape")
        note.get_by_role("button", name="Dismiss").click()
        expect(note).to_have_count(0)
        page.wait_for_timeout(1500)  # longer than its timer
        expect(note).to_have_count(0)
        visit(page, "/explore")
        expect(page.get_by_text("5,000 real MNIST images").first).to_be_visible()
        page.wait_for_timeout(1500)
        expect(note).to_have_count(0)
