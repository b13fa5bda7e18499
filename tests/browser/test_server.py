"""The teacher unlocks a browser with the key that the server printed, and stops somebody else's run."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from core.config.run_config import RunConfig
from core.runs.store import RunStore
from tests.browser.conftest import Server, follow, visit, visitor
from tests.small_run import wait_until

pytestmark = pytest.mark.browser


def unlock(page: Page, server: Server) -> None:
    (key,) = re.findall(r"Teacher's key: (\S+)", server.log.read_text())
    visit(page, "/server")
    page.get_by_text("I am the teacher").click()
    page.get_by_role("textbox", name="Teacher's key").fill(key)
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()


@pytest.mark.slow
def test_the_teacher_unlocks_a_browser_and_stops_another_visitors_run(browser: Browser, server: Server):
    run = RunStore(server.home).create(RunConfig(epochs=500), queued=True, starter="ddddeeeeffff", name="A pupil's run")
    with visitor(browser, server) as page:
        visit(page, f"/train?run={run.id}")
        stop = page.get_by_role("button", name=re.compile("^(Stop|Remove from queue)$"))
        expect(stop).to_be_disabled()
        unlock(page, server)
        (cookie,) = [each for each in page.context.cookies() if each["name"] == "digit_lab_visitor"]
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Lax"
        assert len(cookie["value"]) == 64
        assert cookie["value"] not in page.content() + page.url + page.evaluate("document.cookie")
        visit(page, f"/train?run={run.id}")  # a reload keeps the role, which is not in the link
        expect(stop).to_be_enabled()
        stop.click()
        wait_until(lambda: not run.active, 60)
        with visitor(browser, server) as pupil:
            visit(pupil, page.url)
            follow(pupil, "This server")
            expect(pupil.get_by_text("I am the teacher")).to_be_visible()
            expect(pupil.get_by_role("heading", name="Settings")).to_be_hidden()
        visit(page, "/server")
        page.get_by_role("button", name="Give the role back").click()
        expect(page.get_by_role("heading", name="Settings")).to_be_hidden()
