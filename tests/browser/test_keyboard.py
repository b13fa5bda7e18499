"""What the keyboard reaches, and that its focus is seen."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from core.config.run_config import RunConfig
from core.data import mnist
from core.runs.store import RunStore
from tests.browser.conftest import Server, visit, visitor
from tests.made_moments import make_film
from tests.made_runs import make

pytestmark = pytest.mark.browser


FOCUSED = """() => {
  let focused = document.activeElement;
  while (focused.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  const style = getComputedStyle(focused), ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth);
  const name = focused.getAttribute("aria-label") || focused.innerText.slice(0, 40);
  return { kind: focused.tagName, name, ring: ring ? style.outlineColor : "" };
}"""


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_is_seen_on_every_link_and_button(browser: Browser, server: Server, scheme: str):
    """Streamlit's page links had no ring at all, and its other rings have a contrast of 2.3."""
    run = make_film(RunStore(server.home), RunConfig(units=16), mnist.load(), steps=(0, 1, 8, 32))
    with visitor(browser, server, color_scheme=scheme) as page:
        visit(page, f"/train?run={run.id}")
        expect(page.locator(".film-play")).to_be_visible()
        pages = page.get_by_role("navigation", name="App pages").get_by_role("link").count()
        stops = []
        for _ in range(45):
            page.keyboard.press("Tab")
            stops.append(page.evaluate(FOCUSED))
    start = next(
        number for number, stop in enumerate(stops, 1) if stop["name"].endswith("Start") and stop["kind"] == "BUTTON"
    )
    assert start <= pages + 9, "the way to Start got longer"
    assert {stop["kind"] for stop in stops} >= {"A", "BUTTON", "SUMMARY", "INPUT"}
    unseen = [stop for stop in stops if stop["kind"] != "INPUT" and stop["kind"] != "BODY" and not stop["ring"]]
    assert not unseen


def test_the_keyboard_reaches_the_start_button_in_two_steps(newcomer: Page):
    visit(newcomer, "/train")
    link = newcomer.get_by_role("link", name="Skip to “Start”")
    expect(link).to_be_attached()
    newcomer.keyboard.press("Tab")
    expect(link).to_be_focused()
    newcomer.keyboard.press("Enter")
    expect(newcomer.locator("[data-testid=stBaseButton-primary]").first).to_be_focused()


@pytest.mark.slow
def test_on_a_phone_the_menu_of_pages_has_a_name(browser: Browser, server: Server):
    with visitor(browser, server, viewport={"width": 390, "height": 800}) as page:
        visit(page, "/")
        menu = page.get_by_role("button", name="Open the menu of pages")
        expect(menu).to_be_visible()
        menu.click()
        expect(page.get_by_role("link", name="Explore").first).to_be_visible()


@pytest.mark.slow
def test_the_focus_goes_to_the_button_that_takes_the_place_of_the_pressed_one(newcomer: Page):
    page = newcomer
    start, pause, go_on, stop, resume = (
        page.get_by_role("button", name=name, exact=True) for name in ("Start", "Pause", "Continue", "Stop", "Resume")
    )
    visit(page, "/train?hidden_layers=2&units=256&epochs=1000")
    start.press("Enter")
    expect(pause).to_be_visible(timeout=60_000)
    page.set_viewport_size({"width": 1280, "height": 400})
    pause.press("Enter")
    expect(go_on).to_be_focused()
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 300")
    go_on.evaluate("button => button.focus({ preventScroll: true })")
    page.keyboard.press("Enter")
    expect(pause).to_be_focused()
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 300
    pause.press("Enter")
    start.focus()  # the visitor goes on before the page has answered
    expect(go_on).to_be_visible()
    page.wait_for_timeout(700)
    expect(start).to_be_focused()
    go_on.click()
    expect(pause).to_be_visible()
    page.wait_for_timeout(700)
    expect(page.locator("body")).to_be_focused()  # nothing for the mouse
    stop.press("Enter")
    expect(resume).to_be_focused()


@pytest.mark.slow
def test_the_focus_stays_at_its_place_if_the_pressed_button_goes_away(newcomer: Page, server: Server):
    store = RunStore(server.home)
    first, second = (make(store, RunConfig(epochs=2, units=16), name=name) for name in ("Here", "Further on"))
    visit(newcomer, f"/train?run={first.id}")
    use = newcomer.get_by_role("button", name="Use these settings")
    use.press("Enter")
    expect(newcomer.get_by_role("link", name="Draw a digit")).to_be_focused()  # what came behind it
    box = newcomer.locator("[class*=st-key-watch_] input")
    box.press("ArrowDown")
    newcomer.get_by_role("option").first.wait_for()
    newcomer.keyboard.type("Further on")
    newcomer.keyboard.press("Enter")
    expect(newcomer).to_have_url(re.compile(second.id))
    expect(box.last).to_be_focused()  # for a moment the old box is still there, before the new one
