"""Breaking a network with the keyboard: switch off, halve, undo, and what the page says about it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import visit, wait_idle

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_unit_is_switched_off_and_a_weight_halved_with_the_keyboard(page: Page):
    visit(page, "/evaluate?run=shipped&view=network")
    canvas, ask = page.locator(".living > canvas"), page.get_by_role("button", name="Compute", exact=True)
    expect(canvas.or_(ask).first).to_be_visible()
    if ask.count():
        ask.click()
    expect(canvas).to_be_visible(timeout=60_000)
    wait_idle(page)
    effect, undo = page.locator(".st-key-evaluate_effect"), page.get_by_role("button", name="Undo", exact=True)
    expect(undo).to_be_disabled()
    (before,) = re.findall(r"\d+\.\d\d%", effect.inner_text())
    canvas.focus()
    canvas.press("ArrowLeft")
    expect(page.locator(".living-title")).to_contain_text("dense1 · unit")
    layer = page.get_by_role("button", name="Switch off all of dense1")
    layer.focus()
    page.keyboard.press("Enter")
    expect(effect).to_contain_text(f"{before} → ")
    expect(effect).to_contain_text("became wrong")
    back = page.get_by_role("button", name="Switch all of dense1 on")
    expect(back).to_be_focused()  # the same button keeps the keyboard
    page.keyboard.press("Enter")
    expect(undo).to_be_disabled()
    weight = page.get_by_role("button", name=re.compile("^Halve the weight from")).first
    name = weight.get_attribute("aria-label")
    weight.focus()
    for times in ("halved.", "halved 2 times."):
        page.keyboard.press("Enter")
        expect(effect).to_contain_text(times)
        expect(page.get_by_role("button", name=name)).to_be_focused()
    undo.click()
    expect(effect).to_contain_text("halved.")
    page.get_by_role("button", name="Undo all").click()
    expect(effect).to_contain_text("Nothing is changed.")
    expect(effect).to_contain_text(before)
