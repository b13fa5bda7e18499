"""The bars follow the pen during a stroke; the answer after the stroke is the usual one."""

from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SEVEN, Server, stroke, visit, visitor, wait_idle

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_bars_change_during_a_stroke_and_the_usual_answer_follows(newcomer: Page):
    page = newcomer
    visit(page, "/draw")
    surface = page.locator("canvas.upper-canvas").first
    expect(surface).to_be_visible()
    stroke(page, SEVEN, surface)
    final = page.locator(".st-key-answer .softmax")
    expect(final).to_be_visible()
    usual = final.inner_text()
    page.locator(".st-key-draw-clear button").click()
    expect(final).to_have_count(0)
    wait_idle(page)
    live = page.locator(".live-ink")
    expect(live).to_be_hidden()
    surface.hover(position={"x": SEVEN[0][0], "y": SEVEN[0][1]})  # waits until the page no longer moves
    box = surface.bounding_box()
    page.mouse.down()
    seen = []
    for x, y in SEVEN[1:]:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=6)
        expect(live).to_be_visible()
        page.wait_for_timeout(1000)
        seen.append(live.inner_text())
    assert seen[0] != seen[1]
    assert "7, so far" in seen[1]
    expect(final).to_have_count(0)  # the pen is still down
    page.mouse.up()
    expect(live).to_be_hidden()
    expect(final).to_be_visible()
    assert final.inner_text() == usual


@pytest.mark.slow
def test_the_bars_follow_a_finger_on_a_phone_in_the_dark_theme(browser: Browser, server: Server):
    manner = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
    with visitor(browser, server, **manner) as page:
        visit(page, "/draw")
        surface = page.locator("canvas.upper-canvas").first
        surface.scroll_into_view_if_needed()
        wait_idle(page)
        box, finger = surface.bounding_box(), page.context.new_cdp_session(page)

        def touch(kind: str, *place: float) -> None:
            points = [{"x": box["x"] + place[0], "y": box["y"] + place[1]}] if place else []
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", *SEVEN[0])
        for (x0, y0), (x1, y1) in pairwise(SEVEN):
            for share in (0.2, 0.4, 0.6, 0.8, 1):
                touch("touchMove", x0 + (x1 - x0) * share, y0 + (y1 - y0) * share)
        live = page.locator(".live-ink")
        expect(live).to_contain_text("7, so far")
        ground = live.evaluate("each => getComputedStyle(each).color.match(/[0-9.]+/g).slice(0, 3).map(Number)")
        assert min(ground) > 150, "light text on the dark ground"
        touch("touchEnd")
        expect(page.locator(".st-key-answer .softmax")).to_be_visible()
        expect(live).to_be_hidden()
