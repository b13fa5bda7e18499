"""axe-core in the pages of the tests: what it finds, except in Streamlit's own elements, listed here.

vendor/axe.min.js is axe-core 4.10.3 from npm, unchanged, under the Mozilla Public License 2.0 (LICENSE-axe-core).
"""

from pathlib import Path

from playwright.sync_api import Page

from tests.browser.conftest import wait_idle

SCHEMES = ("light", "dark")
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
HAS_SCHEME = """scheme => {
  const app = document.querySelector("[data-testid=stApp]");
  const [red] = getComputedStyle(app).backgroundColor.match(/\\d+/g);
  return (Number(red) < 128 ? "dark" : "light") === scheme;
}"""
# What is wrong in Streamlit 1.67 itself: part of axe's message, and the upstream issue. Nothing at present, because the
# pages mend them: white on light primary colours (pages/shared/frame.py, github.com/streamlit/streamlit/issues/12801),
# and buttons without a name (pages/shared/keyboard.py, github.com/streamlit/streamlit/issues/8399).
STREAMLITS: dict[str, str] = {}


def faults(page: Page, part: str = "") -> list[str]:
    """What axe finds in the page as it is, and in the other colours."""
    page.evaluate(AXE)
    now = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'")
    found = []
    for scheme in sorted(SCHEMES, key=lambda each: each != now):
        if scheme != now:
            page.emulate_media(color_scheme=scheme)
            page.wait_for_function(HAS_SCHEME, arg=scheme)
            settle(page)
        now_found = page.evaluate(RUN_AXE, part)
        if now_found:  # a loaded machine may still be drawing in the new colours; what is wrong stays wrong
            page.wait_for_timeout(3000)
            now_found = page.evaluate(RUN_AXE, part)
        found += [f"{scheme}: {fault}" for fault in now_found]
    return [fault for fault in found if not any(known in fault for known in STREAMLITS)]


def settle(page: Page) -> None:
    """Waits until the page and its components are drawn."""
    page.wait_for_timeout(300)
    wait_idle(page)
    page.wait_for_timeout(400)  # components draw after the script


def look(page: Page) -> list[str]:
    settle(page)
    return faults(page)
