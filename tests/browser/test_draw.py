"""The canvas in a browser: no stroke is lost, all of it is on screen, and edited strokes are read as they are seen."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SEVEN, follow, stroke, visit, wait_idle

pytestmark = pytest.mark.browser


def answer(page: Page):
    return page.locator(".st-key-answer h2")


def test_a_stroke_survives_a_change_of_page_at_once(newcomer: Page):
    page = newcomer
    visit(page, "/draw")
    stroke(page, SEVEN)
    follow(page, "Explore")
    follow(page, "Draw")
    expect(answer(page)).to_contain_text("It reads")


def test_a_stroke_survives_a_reload_at_once(newcomer: Page):
    page = newcomer
    visit(page, "/draw")
    stroke(page, SEVEN)
    page.wait_for_timeout(100)  # nobody reloads sooner; what a browser has not sent by then would be lost
    visit(page, "/explore")
    visit(page, "/draw")
    expect(answer(page)).to_contain_text("It reads")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("window", "smallest", "largest"), [(1440, 400, 420), (1000, 280, 420), (641, 280, 420), (390, 280, 390)]
)
def test_the_whole_canvas_is_on_screen_and_uses_its_room(newcomer: Page, window, smallest, largest):
    page = newcomer
    page.set_viewport_size({"width": window, "height": 900})
    visit(page, "/draw")
    surface = page.locator("canvas.upper-canvas").first
    page.wait_for_function("document.querySelector('.st-key-draw-canvas')?.style.getPropertyValue('--fit')")
    box, column = surface.bounding_box(), page.locator(".st-key-draw-canvas").bounding_box()
    assert smallest <= box["width"] <= largest
    assert box["x"] + box["width"] <= min(window, column["x"] + column["width"] + 1)


def test_a_stroke_that_is_moved_is_read_where_it_is_seen(newcomer: Page):
    page = newcomer
    visit(page, "/draw")
    page.get_by_role("radio", name="A number").click()
    wait_idle(page)
    surface = page.locator(".st-key-number-canvas canvas.upper-canvas")  # not that of One digit, which goes away
    expect(surface).to_be_visible()
    stroke(page, [(60, 60), (60, 200)], surface)
    stroke(page, [(200, 60), (300, 62), (240, 200)], surface)
    heading = page.get_by_role("heading", name="It reads")
    expect(heading).to_contain_text("17")
    surface.hover()
    page.get_by_role("button", name="Edit", exact=True).click()
    box = surface.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 130)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 130, steps=10)
    page.mouse.up()
    expect(heading).to_contain_text("71")


def test_the_buttons_below_the_canvas_are_on_the_screen_of_a_laptop(page: Page):
    page.set_viewport_size({"width": 1366, "height": 768})
    visit(page, "/draw")
    expect(page.locator(".st-key-draw-clear button")).to_be_in_viewport(ratio=1)
    canvas = page.locator("canvas.upper-canvas").first.bounding_box()
    assert canvas
    assert canvas["height"] >= 280
    page.set_viewport_size({"width": 1366, "height": 500})  # too low: the canvas keeps its own pixels
    visit(page, "/draw")
    canvas = page.locator("canvas.upper-canvas").first.bounding_box()
    assert canvas
    assert round(canvas["height"]) == 280


def test_there_is_room_for_the_canvas_own_buttons_only_above_a_canvas(page: Page):
    visit(page, "/draw")
    gaps = []
    for way, below in (("One digit", ".st-key-draw-canvas"), ("A picture", "[data-testid=stFileUploader]")):
        page.locator(".st-key-draw_way").get_by_role("radio", name=way).click()
        expect(page.locator(below)).to_be_visible()
        wait_idle(page)
        boxes = page.locator(".st-key-draw_way").bounding_box(), page.locator(below).bounding_box()
        assert boxes[0]
        assert boxes[1]
        gaps.append(boxes[1]["y"] - boxes[0]["y"] - boxes[0]["height"])
    assert gaps[1] < 24 < gaps[0]
