"""Prepare in a browser: what does not move from step to step, and axes that count steps."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import visit, wait_idle

pytestmark = pytest.mark.browser


def test_next_stays_in_its_place(page: Page):
    visit(page, "prepare")
    rights = []
    for following in ("Broadcasting", "Flatten"):
        button = page.get_by_role("button", name=f"Next: {following}")
        box = button.bounding_box()
        assert box
        rights.append(round(box["x"] + box["width"]))
        button.click()
        expect(page.get_by_role("heading", name=following, level=2)).to_be_visible()
        wait_idle(page)
    assert rights[0] == rights[1]


def test_the_axis_of_the_first_steps_counts_whole_steps(page: Page):
    visit(page, "prepare?step=one-step")
    ticks = page.locator(".st-key-prepare_step_losses .xtick")
    for button in ("1 step", ""):
        expect(ticks.last).to_be_visible()
        assert all(float(tick).is_integer() for tick in ticks.all_text_contents())
        if button:
            page.get_by_role("button", name=button, exact=True).click()
            expect(page.get_by_text("1 step taken")).to_be_visible()
            wait_idle(page)
