"""Explore in a real browser: choosing digits with the mouse, the keyboard, on the map and in the counts."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, visit, visitor, wait_idle

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def at_rest(page: Page) -> None:
    """Until a click has reached the server and its answer has come back."""
    page.wait_for_timeout(150)
    wait_idle(page)


def view(page: Page, title: str) -> None:
    page.get_by_role("radio", name=title).click()
    at_rest(page)


def test_a_digit_is_opened_by_mouse_and_by_keyboard_and_stands_in_the_link(page: Page):
    visit(page, "/explore")
    page.locator(".st-key-explore_grid button").nth(4).click()
    expect(page.get_by_role("heading", name="Training digit 4: a")).to_be_visible()
    expect(page).to_have_url(re.compile("index=4"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Training digit 5: a")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Training digit 5: a")).to_be_visible()


def test_the_grid_stays_at_its_page_while_other_views_and_pages_are_looked_at(page: Page):
    visit(page, "/explore")
    box = page.get_by_role("spinbutton", name="Page of")
    box.fill("3")
    box.press("Enter")
    at_rest(page)
    view(page, "Numbers")
    view(page, "Grid")
    expect(box).to_have_value("3")
    page.get_by_role("button", name="Neighbours in the file").click()
    at_rest(page)
    page.get_by_role("link", name="Prepare").first.click()
    at_rest(page)
    page.get_by_role("link", name="Explore").first.click()
    at_rest(page)
    page.get_by_role("combobox", name="Order").click()
    page.get_by_role("option", name="As in the file").click()
    expect(box).to_have_value("3")
    expect(page.get_by_text("201 to 300")).to_be_visible()


def test_on_a_phone_the_title_of_the_digit_that_was_chosen_is_not_under_the_header(browser: Browser, server: Server):
    with visitor(browser, server, viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True) as page:
        visit(page, "/explore")
        page.locator(".st-key-explore_grid button").nth(4).tap()
        title = page.get_by_role("heading", name="Training digit 4: a")
        expect(title).to_be_in_viewport()
        at_rest(page)
        header = page.get_by_test_id("stHeader").bounding_box()
        assert title.bounding_box()["y"] >= header["y"] + header["height"]


def test_a_bar_of_the_counts_filters_the_grid(page: Page):
    visit(page, "/explore?view=counts")
    bar = page.locator(".st-key-explore_counts .barlayer .point path").nth(3)
    three = page.get_by_role("button", name="3", exact=True)
    expect(bar).to_be_visible()
    for _ in range(20):  # the chart may still be finding its place on the page
        box = bar.bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        at_rest(page)
        if three.get_attribute("aria-pressed") == "true":
            break
    expect(three).to_have_attribute("aria-pressed", "true")
    view(page, "Grid")
    cells = page.locator(".st-key-explore_grid button .caption")
    expect(page.get_by_text("training images of 3,")).to_be_visible()
    expect(cells.first).to_be_visible()
    assert {text.split(" ")[0] for text in cells.all_inner_texts()} == {"3"}


def test_the_map_shows_opens_and_chooses(page: Page):
    visit(page, "/explore?view=map")
    canvas = page.locator(".map > canvas")
    expect(canvas).to_be_visible()
    box = canvas.bounding_box()
    page.wait_for_timeout(500)
    canvas.focus()
    page.keyboard.press("ArrowLeft")  # to the nearest point on the left
    expect(page.locator(".tip")).to_be_visible()
    caption = page.locator(".tip div").inner_text()
    page.keyboard.press("Enter")
    label, index = caption.split(" · ")
    expect(page.get_by_role("heading", name=f"Training digit {int(index):,}: a {label}")).to_be_visible()
    page.get_by_role("button", name="Select an area").click()
    corners = [(20, 20), (box["width"] - 20, 20), (box["width"] - 20, box["height"] / 2), (20, box["height"] / 2)]
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    for x, y in corners[1:]:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=8)
    page.mouse.up()
    chosen = page.get_by_role("button", name="selected on the map")
    expect(chosen).to_be_visible()
    n = int(re.search(r"([\d,]+) selected", chosen.inner_text())[1].replace(",", ""))
    view(page, "Grid")
    expect(page.get_by_text(f"{n:,} training images selected on the map")).to_be_visible()
    chosen.click()
    expect(chosen).to_have_count(0)


def test_the_open_digit_stays_beside_a_long_grid(page: Page):
    page.set_viewport_size({"width": 1366, "height": 768})
    visit(page, "/explore")
    page.locator(".st-key-explore_at_a_time").get_by_role("combobox").click()
    page.get_by_role("option", name="400", exact=True).click()
    tiles = page.locator(".st-key-explore_grid button")
    expect(tiles).to_have_count(400)
    at_rest(page)
    tiles.nth(250).scroll_into_view_if_needed()
    tiles.nth(250).click()
    expect(page.get_by_role("heading", name="Training digit 250: a")).to_be_in_viewport(ratio=1)
