"""Compare in a browser: ticks, names and stars, and a browser that gets only what changed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from core.config.run_config import RunConfig
from core.runs.gate import MAX_NAME
from core.runs.store import Run, RunStore
from tests.browser.conftest import Server, follow, visit, visitor, wait_idle
from tests.made_runs import make
from tests.small_run import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def runs(server: Server) -> list[Run]:
    store = RunStore(server.home)
    return [make(store, RunConfig(units=units, epochs=3), name=f"Made {units}") for units in (32, 64, 128, 256)]


@pytest.fixture(scope="module")
def two(browser: Browser, server: Server, runs: list[Run]) -> Iterator[Page]:
    """Compare with two runs in the charts, for tests that only look."""
    with visitor(browser, server) as page:
        visit(page, f"/compare?runs={runs[1].id},{runs[2].id}")
        expect(curves(page)).to_have_attribute("data-traces", "2")
        yield page


def line(page: Page, run: Run) -> Locator:
    return page.locator(f'tr[data-run="{run.id}"]')


def curves(page: Page) -> Locator:
    """The first chart: validation accuracy, one curve a run."""
    return page.locator(".overlay-plot").first


def test_every_tick_counts_however_quickly_one_follows_another(page: Page, runs: list[Run]):
    visit(page, f"/compare?runs={runs[0].id}")
    expect(curves(page)).to_have_attribute("data-traces", "1")
    for run in runs[1:]:
        line(page, run).get_by_role("checkbox").click()
    expect(curves(page)).to_have_attribute("data-traces", "4")
    expect(page.locator(".runs .count")).to_contain_text("4 in the charts")
    page.reload()
    expect(curves(page)).to_have_attribute("data-traces", "4")


def test_what_tells_runs_apart_is_never_cut_and_a_name_has_its_limit(page: Page, server: Server, runs: list[Run]):
    # Seeds of one network were three equal lines: "dense128 · adam · 1 epoch · see…".
    store = RunStore(server.home)
    config = RunConfig(epochs=3)
    seeds = [make(store, config, name=f"A network with quite a long name · adam · seed {seed}") for seed in (1, 2)]
    visit(page, f"/compare?runs={seeds[0].id}")
    for run, seed in zip(seeds, (1, 2), strict=True):
        start, end = (line(page, run).locator(".title span").nth(place) for place in range(2))
        expect(end).to_have_text(f"· seed {seed}")
        cut = "(each) => each.scrollWidth > each.clientWidth"
        assert (start.evaluate(cut), end.evaluate(cut)) == (True, False)
        cell, last = line(page, run).locator("td").first.bounding_box(), end.bounding_box()
        assert cell
        assert last
        assert last["x"] + last["width"] <= cell["x"] + cell["width"]
    line(page, seeds[0]).hover()
    line(page, seeds[0]).get_by_role("button", name="Rename").click()
    page.keyboard.type("n" * (MAX_NAME + 30))  # the box took 200 characters, and the server refused them
    page.keyboard.press("Enter")
    wait_until(lambda: store.get(seeds[0].id).name == "n" * MAX_NAME)
    for run in seeds:
        store.delete(run.id)


def test_star_and_name_are_there_after_a_reload(page: Page, runs: list[Run]):
    visit(page, f"/compare?runs={runs[0].id}")
    line(page, runs[0]).get_by_role("button", name="Add a star").click()
    expect(line(page, runs[0]).get_by_role("button", name="Remove the star")).to_be_visible()
    line(page, runs[0]).hover()
    line(page, runs[0]).get_by_role("button", name="Rename").click()
    page.keyboard.type("The <b>small</b> one")
    page.keyboard.press("Enter")
    wait_idle(page)
    page.reload()
    expect(line(page, runs[0])).to_contain_text("The <b>small</b> one")
    expect(line(page, runs[0]).get_by_role("button", name="Remove the star")).to_be_visible()


def test_a_chart_below_the_window_is_drawn_when_one_comes_to_it(two: Page):
    last = two.locator(".overlay-plot").last
    assert last.get_attribute("data-traces") is None
    last.scroll_into_view_if_needed()
    expect(last).to_have_attribute("data-traces", "2")


def test_a_run_under_the_mouse_stands_out_in_the_charts(two: Page, runs: list[Run]):
    first = curves(two).locator(".scatterlayer > .trace").first
    line(two, runs[2]).hover()
    expect(first).to_have_css("opacity", "0.15")
    two.mouse.move(0, 0)
    expect(first).to_have_css("opacity", "1")


def test_table_and_charts_are_whole_again_after_a_look_at_another_page(two: Page, runs: list[Run]):
    follow(two, "Prepare")
    follow(two, "Compare")
    expect(curves(two)).to_have_attribute("data-traces", "2")
    expect(line(two, runs[3])).to_be_visible()


def test_a_browser_that_missed_a_message_asks_for_all_of_it(two: Page):
    seen = two.evaluate(
        """async () => {
          const script = performance.getEntriesByType("resource").find((each) => each.name.includes("common-"));
          const { take } = await import(script.name);
          const held = {}, lost = [], message = (before, revision, items) => ({ before, revision, items });
          const told = [
            take(held, message("", "1", { a: 1, b: 1 }), (name) => lost.push(name)),
            take(held, message("", "1", { a: 1, b: 1 }), (name) => lost.push(name)), // the same once more
            take(held, message("1", "2", { b: 2 }), (name) => lost.push(name)),
            take(held, message("3", "4", { a: 4 }), (name) => lost.push(name)), // the third never came
            take(held, message("", "4", { a: 4 }), (name) => lost.push(name)),
          ];
          return { told, lost, items: held.items };
        }"""
    )
    assert seen == {"told": [True, False, True, False, True], "lost": ["4"], "items": {"a": 4}}


def test_what_leaves_the_window_and_comes_back_at_once_is_drawn_again(two: Page):
    """A busy browser reports both changes in one call. The drawn network then stood still while its run trained on."""
    drawn = two.evaluate(
        """async () => {
          const script = performance.getEntriesByType("resource").find((each) => each.name.includes("common-"));
          const { painter } = await import(script.name);
          const real = window.IntersectionObserver, counted = [];
          let report;
          window.IntersectionObserver = class { constructor(call) { report = call; } observe() {} disconnect() {} };
          const made = painter(document.body, () => counted.push(1));
          window.IntersectionObserver = real;
          const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          for (const changes of [[true], [false, true], [true, false]]) {
            report(changes.map((isIntersecting) => ({ isIntersecting })));
            made.ask();
            await frame();
            counted.push(0);
          }
          return counted;
        }"""
    )
    assert drawn == [1, 0, 1, 0, 0]


def test_a_number_in_the_filter_is_that_number_and_none_that_begins_like_it(two: Page, runs: list[Run]):
    words = two.get_by_placeholder("Filter")
    words.fill("units:12")
    expect(two.locator(".runs tbody")).to_contain_text("No run matches")
    words.fill("units:128 epochs:3 optimizer:ad")
    expect(line(two, runs[2])).to_be_visible()
    expect(line(two, runs[1])).to_have_count(0)
    words.fill("")
    expect(line(two, runs[1])).to_be_visible()


def test_nothing_stays_open_after_a_deletion(page: Page, server: Server, runs: list[Run]):
    gone = make(RunStore(server.home), RunConfig(units=16, epochs=3), name="Made to be deleted")
    visit(page, f"/compare?runs={gone.id}")
    page.get_by_role("button", name="Delete runs").click()
    page.get_by_role("button", name="Select the 1 ended run in the charts").click()
    page.get_by_role("button", name="Move 1 run to the trash").click()
    expect(page.get_by_role("button", name="Restore 1 run")).to_be_visible()
    wait_idle(page)
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


def test_the_title_of_a_group_stays_in_sight_when_the_table_is_scrolled(page: Page, runs: list[Run]):
    page.set_viewport_size({"width": 800, "height": 900})
    visit(page, f"/compare?runs={runs[0].id}")
    page.get_by_test_id("stSelectbox").first.click()
    page.get_by_role("option", name="Units").click()
    title = page.locator("tr.group span").first
    expect(title).to_be_visible()
    before, inner = title.bounding_box(), page.locator(".runs .scroll")
    assert inner.evaluate("each => {each.scrollLeft = 1e6; return each.scrollLeft}") > 100
    assert title.bounding_box() == before
