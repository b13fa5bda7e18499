"""Personal digits in a browser: saving is confirmed, they belong to one visitor, and they survive a closed browser."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, stroke, visit, visitor, wait_idle

pytestmark = pytest.mark.browser


def my_hand(page: Page) -> None:
    page.get_by_role("radio", name="My hand").click()
    wait_idle(page)


@pytest.mark.slow
def test_a_hand_is_a_visitors_own_and_outlives_the_browser(browser: Browser, server: Server, newcomer: Page):
    page = newcomer
    visit(page, "/draw")
    stroke(page, [(70, 70), (210, 70), (120, 230)])
    page.get_by_role("button", name="Wrong? Correct it").click()
    box = page.get_by_test_id("stPopoverBody")
    box.get_by_role("radio", name="7").click()
    box.get_by_role("button", name="Save to my digits").click()
    expect(box.get_by_text("Saved as a 7 of your hand.")).to_be_in_viewport(ratio=1)
    with visitor(browser, server) as another:
        visit(another, "/draw")
        my_hand(another)
        expect(another.get_by_text("You have no saved digits yet.")).to_be_visible()
    (kept,) = [each for each in page.context.cookies() if each["name"] == "digit_lab_visitor"]
    assert kept["httpOnly"]
    assert kept["value"] not in page.content()
    page.context.clear_cookies(name="_streamlit_xsrf")  # as when the browser is closed
    visit(page, "/draw")
    my_hand(page)
    expect(page.get_by_text("1 digit saved.")).to_be_visible()
    page.get_by_role("button", name="Delete all").click()
    expect(page.get_by_text("You have no saved digits yet.")).to_be_visible()
    page.get_by_role("button", name="Restore it").click()
    expect(page.get_by_text("1 digit saved.")).to_be_visible()


@pytest.mark.slow
def test_the_second_button_trains_a_copy_and_shows_before_and_after(newcomer: Page):
    page = newcomer
    visit(page, "/draw")
    stroke(page, [(70, 70), (210, 70), (120, 230)])
    page.get_by_role("button", name="Wrong? Correct it").click()
    box = page.get_by_test_id("stPopoverBody")
    box.get_by_role("radio", name="7").click()
    box.get_by_role("button", name="Save to my digits").click()
    box.get_by_role("button", name="Train a copy on them").click()
    expect(page.get_by_text("Before and after training a copy of")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Your newest digit, a 7. Before: read as 7.")).to_be_visible()
