"""The film on Start in a real browser: it plays by itself where motion is welcome, and can be stopped."""

import pytest
from playwright.sync_api import expect

from pages.parts.start.film import recording
from tests.browser.conftest import visitor, wait_idle

pytestmark = [pytest.mark.browser, pytest.mark.slow]
STEPS = [str(moment["step"]) for moment in recording()["moments"]]


def test_it_plays_to_its_end_and_shows_the_share_of_each_moment(browser, server):
    with visitor(browser, server, reduced_motion="no-preference") as page:
        page.goto("/")
        film = page.locator(".first-film")
        expect(film).to_have_attribute("data-step", STEPS[0])
        expect(film).to_have_attribute("data-step", STEPS[-1], timeout=30_000)
        expect(page.get_by_role("button", name="Play")).to_be_visible()
        for place, moment in enumerate(recording()["moments"]):
            page.locator(".first-film-slider").fill(str(place))
            expect(page.locator(".first-film-now")).to_contain_text(f"{moment['validation_accuracy']:.2%} right")


def test_it_can_be_stopped(browser, server):
    with visitor(browser, server, reduced_motion="no-preference") as page:
        page.goto("/")
        page.get_by_role("button", name="Pause").click()
        stopped = page.locator(".first-film").get_attribute("data-step")
        page.wait_for_timeout(2000)
        expect(page.locator(".first-film")).to_have_attribute("data-step", stopped)
        assert stopped != STEPS[-1]


def test_where_nothing_may_move_by_itself_it_shows_the_end(browser, server):
    with visitor(browser, server, reduced_motion="reduce") as page:
        page.goto("/")
        expect(page.locator(".first-film")).to_have_attribute("data-step", STEPS[-1])
        wait_idle(page)
        page.wait_for_timeout(2000)
        expect(page.locator(".first-film")).to_have_attribute("data-step", STEPS[-1])
