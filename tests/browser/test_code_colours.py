"""Code on a page has colours with enough contrast. axe does not measure code that is out of sight."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, wait_idle

pytestmark = [pytest.mark.browser, pytest.mark.slow]
# Kinds of words whose contrast to their background is below WCAG's 4.5:1.
FAINT = """() => {
  const light = (colour) => {
    const parts = colour.match(/\\d+/g).slice(0, 3).map((part) => part / 255);
    const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const found = new Set();
  for (const word of document.querySelectorAll(".stCode .token")) {
    const behind = getComputedStyle(word.closest("pre")).backgroundColor;
    const [dark, bright] = [light(getComputedStyle(word).color), light(behind)].sort((one, other) => one - other);
    if ((bright + 0.05) / (dark + 0.05) < 4.5) found.add(word.className);
  }
  return [...found];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_code_can_be_read(newcomer: Page, server: Server, scheme: str):
    newcomer.emulate_media(color_scheme=scheme)
    newcomer.goto("/train")
    wait_idle(newcomer)
    newcomer.get_by_text("Show as Keras code").click()
    for kind in ("keyword", "string", "number", "comment", "operator", "punctuation"):
        expect(newcomer.locator(f".stCode .token.{kind}").first).to_be_visible()
    assert newcomer.evaluate(FAINT) == []
