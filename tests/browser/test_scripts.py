"""The pages' own scripts, as a browser reads and calls them."""

import pytest
from playwright.sync_api import Browser

from pages.shared import browser_history, static_assets
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


OVERTAKEN = """async ([loader]) => {
  const import_ = (text) => import(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })));
  const call = (await import_(loader)).default;
  const inShadow = document.body.appendChild(document.createElement('div')).attachShadow({ mode: 'open' });
  const calls = [];
  for (const parentElement of [document.body.appendChild(document.createElement('div')), inShadow]) {
    const host = parentElement.host ?? parentElement;
    host.told = [];
    const end = call({ parentElement });
    await end(); // the call was overtaken by newer data: the component is still there
    const overtaken = host.told.join();
    host.remove();
    await end();
    calls.push([overtaken, host.told.join()]);
  }
  return calls;
}"""


def test_a_component_is_forgotten_when_it_is_removed_and_not_when_newer_data_overtake_a_call(browser: Browser):
    """Else a pen stroke, a chart or a film ends in the middle when two messages arrive at once."""
    page = browser.new_page()
    script = "const tell = (to, what) => (to.host ?? to).told.push(what); "
    script += "export default ({ parentElement }) => tell(parentElement, 'shown'); "
    script += "export function forget(parentElement) { tell(parentElement, 'forgotten'); }"
    page.route("**/*", lambda route: route.fulfill(content_type="text/javascript", body=script))
    page.route("**/empty", lambda route: route.fulfill(content_type="text/html", body=""))
    page.goto("http://localhost/empty")
    loader = static_assets.loader(ROOT / "pages" / "shared" / "common.js")
    assert page.evaluate(OVERTAKEN, [loader]) == [["shown", "shown,forgotten"]] * 2
    page.close()


STEPS = """async () => {
  const link = document.body.appendChild(document.createElement('a'));
  link.href = '/evaluate';
  link.addEventListener('click', (event) => event.preventDefault()); // as Streamlit does
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  link.click();
  history.pushState({}, '', '/prepare?view=figures'); // Streamlit writes the new page's query before its path
  await pause(400); // the server is busy
  history.pushState({}, '', '/evaluate?view=figures');
  history.back();
  await new Promise((done) => addEventListener('popstate', done, { once: true }));
  return location.pathname + location.search;
}"""


def test_back_restores_the_link_of_a_page_also_when_the_server_was_slow(browser: Browser):
    page = browser.new_page()
    page.route("**/*", lambda route: route.fulfill(content_type="text/html", body=""))
    page.goto("http://localhost/prepare?step=parts")
    page.evaluate(browser_history.SCRIPT)
    assert page.evaluate(STEPS) == "/prepare?step=parts"
    page.close()


MARKS = """async (text) => {
  const { lossMark } = await import(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })));
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = '11px sans-serif';
  const values = [0, 0.25, 2.3, 99.99, 999.94, 1000, 618300, 3.2e38];
  return values.map((value) => [lossMark(value), pen.measureText(lossMark(value)).width]);
}"""


def test_the_loss_of_a_diverged_run_fits_beside_the_axis_of_its_film(browser: Browser):
    """The first digits of 618300.0 were cut off, so that it read 18300.0."""
    page = browser.new_page()
    marks = dict(page.evaluate(MARKS, (ROOT / "pages/shared/film_parts.js").read_text("utf-8")))
    page.close()
    assert list(marks)[2:7] == ["2.3", "100.0", "999.9", "1.0e3", "6.2e5"]
    assert max(marks.values()) <= 38
