"""The pages' own scripts, as a browser reads them."""

import pytest
from playwright.sync_api import Browser

from tests.conftest import ROOT

pytestmark = pytest.mark.browser

# What a module imports and exports is left out: only its grammar counts here.
PARSE = """(text) => {
  const plain = text.replace(/^import .*$/gm, '').replace(/^export default /gm, 'void ').replace(/^export /gm, '');
  try { new Function(plain); return ''; }
  catch (error) { return String(error); }
}"""


def test_a_browser_can_read_every_script(browser: Browser):
    """A name that is declared twice stops a whole component, and no other quick test sees it."""
    page = browser.new_page()
    scripts = sorted((ROOT / "pages").rglob("*.js"))
    problems = {path.name: page.evaluate(PARSE, path.read_text("utf-8")) for path in scripts}
    page.close()
    assert scripts
    assert {name: problem for name, problem in problems.items() if problem} == {}
