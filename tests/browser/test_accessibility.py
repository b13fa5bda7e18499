"""axe-core finds nothing serious on any page, light or dark, except in Streamlit's own elements, which are listed here.

vendor/axe.min.js is axe-core 4.10.3 from npm, unchanged, under the Mozilla Public License 2.0 (LICENSE-axe-core).
"""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core.config.run_config import RunConfig
from core.data import mnist
from core.runs.store import RunStore
from pages.parts.prepare.steps import STEPS
from pages.shared.frame import PAGES
from tests.browser.conftest import Server, visit, visitor
from tests.made_moments import make_film

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AXE = (Path(__file__).parent / "vendor/axe.min.js").read_text("utf-8")
RUN_AXE = """async (part) => {
  const result = await axe.run(part ? { include: [part] } : document, { resultTypes: ["violations"] });
  const found = [];
  for (const rule of result.violations) {
    if (!["serious", "critical"].includes(rule.impact) && rule.id !== "heading-order") continue;
    for (const node of rule.nodes) found.push(`${rule.id}: ${node.target.flat().join(" ")} ${node.html.slice(0, 160)}`);
  }
  return found;
}"""
# Streamlit 1.67's own faults: part of axe's message, and the upstream issue.
STREAMLITS: dict[str, str] = {}


def faults(page: Page, part: str = "") -> list[str]:
    page.evaluate(AXE)
    return [fault for fault in page.evaluate(RUN_AXE, part) if not any(known in fault for known in STREAMLITS)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", [page.name for page in PAGES])
def test_axe_finds_nothing_serious(browser: Browser, server: Server, name: str, scheme: str):
    with visitor(browser, server, color_scheme=scheme) as page:
        visit(page, "/" if name == "start" else f"/{name}")
        page.wait_for_timeout(2000)  # components draw after the script
        assert faults(page) == []


@pytest.mark.parametrize("view", ["numbers", "counts", "means", "map", "odd"])
def test_axe_finds_nothing_serious_in_the_views_of_explore(browser: Browser, server: Server, view: str):
    with visitor(browser, server, color_scheme="dark") as page:
        visit(page, f"/explore?view={view}")
        page.wait_for_timeout(2000)
        assert faults(page) == []


def test_the_keyboard_reaches_the_start_button_in_two_steps(newcomer: Page):
    visit(newcomer, "/train")
    link = newcomer.get_by_role("link", name="Skip to “Start”")
    expect(link).to_be_attached()
    newcomer.keyboard.press("Tab")
    expect(link).to_be_focused()
    newcomer.keyboard.press("Enter")
    expect(newcomer.locator("[data-testid=stBaseButton-primary]").first).to_be_focused()


def test_on_a_phone_the_menu_of_pages_has_a_name(browser: Browser, server: Server):
    with visitor(browser, server, viewport={"width": 390, "height": 800}) as page:
        visit(page, "/")
        menu = page.get_by_role("button", name="Open the menu of pages")
        expect(menu).to_be_visible()
        menu.click()
        expect(page.get_by_role("link", name="Explore").first).to_be_visible()


@pytest.mark.parametrize("step", [step.name for step in STEPS])
def test_axe_finds_nothing_serious_in_the_steps_of_prepare(browser: Browser, server: Server, step: str):
    with visitor(browser, server, color_scheme="dark") as page:
        visit(page, f"/prepare?step={step}")
        page.wait_for_timeout(2000)
        assert faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_a_tour_and_in_two_films(browser: Browser, server: Server, scheme: str):
    store, data = RunStore(server.home), mnist.load()
    left, right = (make_film(store, RunConfig(units=units), data, steps=(0, 1, 8, 32)) for units in (16, 48))
    with visitor(browser, server, color_scheme=scheme) as page:
        visit(page, f"/train?run={right.id}&tour=open")
        expect(page.locator(".film-tour")).to_have_attribute("data-stop", "0")
        page.wait_for_timeout(1000)
        assert faults(page, ".film-tour") == []
        visit(page, f"/compare?view=side&left={left.id}&right={right.id}")
        expect(page.locator(".pair-state[data-step]").first).to_be_visible()
        page.locator(".pair-table summary").click()
        page.wait_for_timeout(1000)
        assert faults(page, ".pair") == []
