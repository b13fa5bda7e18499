"""The form of Train in a real browser keeps what was set, and its charts offer nothing that is not there."""

import pytest
from playwright.sync_api import Locator, Page, expect

from core.config.run_config import RunConfig
from core.runs.events import BatchDone
from core.runs.store import RunStore
from core.runs.timeline import EventFile
from tests import made_runs
from tests.browser.conftest import Server, visit, wait_idle

pytestmark = pytest.mark.browser


def test_what_the_coach_sets_is_seen_at_once(server: Server, newcomer: Page):
    run = made_runs.make(RunStore(server.home), RunConfig(epochs=1), points=8, outcome="failed")
    events = EventFile(run.events_path)
    events.append(BatchDone(9, 2, 1, 0.5, float("nan"), 0.1, 100.0))
    events.close()
    visit(newcomer, f"/train?run={run.id}")
    newcomer.get_by_role("button", name="Learning rate 0.0001").click()
    newcomer.wait_for_url(lambda url: "learning_rate=0.0001" in url)  # the knobs, which the link names


SLOW_MS = 30_000  # to wait at most, on a busy machine
SLOW_ANSWERS = """() => {
  const milliseconds = 900, add = WebSocket.prototype.addEventListener;
  WebSocket.prototype.addEventListener = function (kind, listener, ...more) {
    if (kind !== "message") return add.call(this, kind, listener, ...more);
    return add.call(this, kind, (event) => setTimeout(() => listener.call(this, event), milliseconds), ...more);
  };
}"""


@pytest.mark.slow
def test_a_recipe_is_kept_when_a_knob_is_moved_before_the_slow_answer_comes(newcomer: Page):
    """The network became one dense layer of 128 again, and the slider sprang back."""
    page = newcomer
    page.add_init_script(f"({SLOW_ANSWERS})()")
    page.goto("/train?dropout=0.2")
    augmentation = page.get_by_role("slider", name="Augmentation")
    page.get_by_role("tab", name="Data").click()
    expect(augmentation).to_be_visible()
    page.wait_for_timeout(3000)
    page.get_by_role("combobox", name="Recipe").click()
    page.get_by_role("option", name="best: ").click()
    augmentation.press("ArrowRight")  # still the old slider, at 0
    before = settled(page, augmentation)
    augmentation.press("ArrowRight")
    expect(augmentation).to_have_attribute("aria-valuetext", f"{before + 0.05:.2f}", timeout=SLOW_MS)
    page.wait_for_url(lambda url: f"augmentation={before + 0.05:.12g}" in url, timeout=SLOW_MS)
    assert settled(page, augmentation) == pytest.approx(before + 0.05)


def settled(page: Page, slider: Locator) -> float:
    """The value of the slider once all slow answers have come; the network must still be that of the recipe."""
    page.wait_for_url(lambda url: "network=conv32x5" in url, timeout=SLOW_MS)
    page.wait_for_timeout(3000)  # longer than an answer takes
    wait_idle(page)
    expect(slider).to_have_count(1, timeout=SLOW_MS)  # while the form changes, there are two
    assert "network=conv32x5" in page.url
    return float(slider.get_attribute("aria-valuetext"))


@pytest.mark.slow
def test_the_first_arrow_key_after_a_recipe_keeps_the_focus(newcomer: Page):
    visit(newcomer, "/train")
    newcomer.get_by_role("combobox", name="Recipe").click()
    newcomer.get_by_role("option", name="chollet: ").click()
    newcomer.wait_for_url(lambda url: "units=512" in url)
    wait_idle(newcomer)
    units = newcomer.get_by_role("slider", name="Units")
    for value in ("1,024", "2,048"):
        units.press("ArrowRight") if value == "1,024" else newcomer.keyboard.press("ArrowRight")
        expect(units).to_have_attribute("aria-valuetext", value)
        wait_idle(newcomer)
        newcomer.wait_for_timeout(300)
        expect(units).to_be_focused()


@pytest.mark.slow
def test_no_chart_offers_an_upload_or_adds_stops_for_the_tab_key(server: Server, newcomer: Page):
    """Plotly 4 has "Share chart…" among its buttons, which sends the chart to Plotly Cloud."""
    page, run = newcomer, made_runs.make(RunStore(server.home), RunConfig(epochs=2), points=8)
    for address, plot in ((f"/train?run={run.id}", ".live-plot"), (f"/compare?runs={run.id}", ".overlay-plot")):
        visit(page, address)
        chart = page.locator(f"{plot}.js-plotly-plot").first
        chart.scroll_into_view_if_needed()
        chart.hover()
        expect(page.locator(f"{plot} .modebar-btn").first).to_be_attached()
        titles = page.locator(".modebar-btn").evaluate_all("all => all.map((button) => button.dataset.title)")
        assert "Zoom" in titles
        assert not [title for title in titles if "hare" in title or "loud" in title]
        assert not page.locator(f"{plot} *").evaluate_all("all => all.filter((each) => each.tabIndex >= 0).length")
