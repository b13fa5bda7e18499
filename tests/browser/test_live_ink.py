"""The bars follow the pen during a stroke; the answer after the stroke is the usual one."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import stroke, visit, wait_idle

pytestmark = pytest.mark.browser

SEVEN = [(70, 70), (210, 70), (120, 230)]


def test_bars_change_during_a_stroke_and_the_usual_answer_follows(newcomer: Page):
    page = newcomer
    visit(page, "/draw")
    surface = page.locator("canvas.upper-canvas").first
    stroke(page, SEVEN, surface)
    final = page.locator(".st-key-answer .softmax")
    expect(final).to_be_visible()
    usual = final.inner_text()
    page.locator(".st-key-draw-clear button").click()
    expect(final).to_have_count(0)
    wait_idle(page)
    live = page.locator(".live-ink")
    expect(live).to_be_hidden()
    box = surface.bounding_box()
    page.mouse.move(box["x"] + SEVEN[0][0], box["y"] + SEVEN[0][1])
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
