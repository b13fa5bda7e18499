"""axe-core finds nothing serious on any page or view, light and dark.

Each page is opened once; then the system changes from light to dark under it, or back.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from core.config.run_config import RunConfig
from core.data import mnist
from core.evaluation import seal
from core.runs.control import ControlRequests
from core.runs.store import Run, RunStore
from pages.parts.prepare.steps import STEPS
from pages.shared.frame import PAGES
from tests import made_runs
from tests.browser.axe import faults, look
from tests.browser.conftest import SEVEN, Server, stroke, visit, visitor
from tests.known_run import known_run
from tests.made_moments import make_film
from tests.small_run import SMALL, train, wait_until

pytestmark = pytest.mark.browser
EVALUATE_VIEWS = ("figures", "gallery", "digit", "trust", "robustness", "inside", "network", "pair")
INSIDE = ("Layer outputs", "First-layer weights", "Map of the last layer", "Dead units")


def draw_seven(page: Page) -> None:
    """Draws a seven on the canvas and waits for the answer."""
    stroke(page, SEVEN)
    expect(page.locator(".st-key-answer")).to_contain_text("It reads", timeout=60_000)


def without_faults(found: dict[str, list[str]]) -> bool:
    """So that a failure names all places at once."""
    assert not {place: each for place, each in found.items() if each}
    return True


@pytest.fixture(scope="module")
def trained(server: Server) -> Iterator[list[Run]]:
    """Two small networks whose test set is opened, and three runs with made-up curves."""
    store = RunStore(server.home)
    runs = [train(store, SMALL, name=f"Small {number}")[0] for number in range(2)]
    for run in runs:
        seal.open_test_set(run)
    made = [
        made_runs.make(store, RunConfig(units=units, epochs=3, seed=seed), name="Twins")
        for units, seed in ((32, 1), (32, 2), (64, 1))
    ]
    yield [*runs, *made]
    for run in (*runs, *made):
        store.delete(run.id)


@pytest.mark.slow
def test_axe_finds_nothing_serious_on_the_pages_that_change_most(browser: Browser, server: Server):
    """What a visitor sees first. The tests below look at everything else."""
    run = known_run(RunStore(server.home), mnist.load(), name="Looked at by axe")
    found = {}
    with visitor(browser, server) as page:
        for address in (f"/evaluate?run={run.id}&cell=12", f"/train?run={run.id}"):
            visit(page, address)
            found[address] = look(page)
        visit(page, "/draw")
        draw_seven(page)
        found["/draw"] = look(page)
    RunStore(server.home).delete(run.id)
    assert without_faults(found)


@pytest.mark.slow
def test_axe_finds_nothing_serious_on_any_page(browser: Browser, server: Server, trained: list[Run]):
    with visitor(browser, server) as page:
        found = {}
        for name in (page.name for page in PAGES):
            visit(page, "/" if name == "start" else f"/{name}")
            found[name] = look(page)
    assert without_faults(found)


@pytest.mark.slow
def test_axe_finds_nothing_serious_in_the_views_of_explore(browser: Browser, server: Server):
    with visitor(browser, server) as page:
        found = {}
        for view in ("grid", "numbers", "counts", "means", "map", "odd"):
            visit(page, f"/explore?view={view}&index=3")
            found[view] = look(page)
    assert without_faults(found)


@pytest.mark.slow
def test_axe_finds_nothing_serious_in_the_steps_of_prepare(browser: Browser, server: Server):
    with visitor(browser, server) as page:
        found = {}
        for step in STEPS:
            visit(page, f"/prepare?step={step.name}")
            found[step.name] = look(page)
    assert without_faults(found)


@pytest.mark.slow
@pytest.mark.parametrize("split", ["validation", "test"])
def test_axe_finds_nothing_serious_in_the_views_of_evaluate(
    browser: Browser, server: Server, trained: list[Run], split: str
):
    with visitor(browser, server) as page:
        found = {}
        for view in EVALUATE_VIEWS:
            visit(page, f"/evaluate?run={trained[0].id}&view={view}&split={split}&index=3&cell=49")
            found[view] = look(page)
            if view == "inside":
                for part in INSIDE:
                    page.get_by_role("radio", name=part).or_(page.get_by_role("button", name=part)).first.click()
                    found[part] = look(page)
    assert without_faults(found)


@pytest.mark.slow
def test_axe_finds_nothing_serious_on_a_sealed_test_set(browser: Browser, server: Server):
    store = RunStore(server.home)
    run = known_run(store, mnist.load(), name="Sealed")
    with visitor(browser, server) as page:
        visit(page, f"/evaluate?run={run.id}&split=test")
        assert look(page) == []
    store.delete(run.id)


@pytest.mark.slow
def test_axe_finds_nothing_serious_on_train_before_during_and_after_a_run(
    browser: Browser, server: Server, trained: list[Run]
):
    store, found = RunStore(server.home), {}
    with visitor(browser, server) as page:
        visit(page, "/train?hidden_layers=1&units=32&train_images=20000&epochs=500")
        found["form"] = look(page)
        page.get_by_role("button", name="Start", exact=True).hover()
        found["a mouse over Start"] = look(page)
        for tab in page.get_by_role("tab").all():
            tab.click()
            found[tab.inner_text()] = look(page)
        before = {run.id for run in store.runs()}
        page.get_by_role("button", name="Start", exact=True).click()
        wait_until(lambda: any(run.id not in before and run.step > 3 for run in store.runs()), 90)
        run = next(run for run in store.runs() if run.id not in before)
        page.wait_for_function("Number(document.querySelector('.live-plot')?.dataset.points ?? 0) > 3")
        page.wait_for_timeout(3000)
        found["a run that trains"] = faults(page)
        ControlRequests(run).stop()
        wait_until(lambda: not run.active)
        visit(page, f"/train?run={trained[0].id}")
        expect(page.locator(".film-play")).to_be_visible()
        found["the film"] = look(page)
        page.get_by_role("button", name="Chart options").click()
        found["an open menu"] = look(page)
    assert without_faults(found)


@pytest.mark.slow
def test_axe_finds_nothing_serious_on_compare(browser: Browser, server: Server, trained: list[Run]):
    found = {}
    with visitor(browser, server) as page:
        runs = f"/compare?runs={','.join(run.id for run in trained)}"
        visit(page, runs)
        found["runs"] = look(page)
        page.get_by_role("button", name="Delete runs").click()
        page.get_by_role("button", name=re.compile("Select the")).click()
        found["what to delete"] = look(page)
        visit(page, runs)
        page.get_by_test_id("stSelectbox").first.click()
        page.get_by_role("option", name="Units").click()
        found["groups"] = look(page)
        visit(page, "/compare?view=sweep")
        found["sweeps"] = look(page)
    assert without_faults(found)


@pytest.mark.slow
def test_axe_finds_nothing_serious_on_draw(browser: Browser, server: Server, trained: list[Run]):
    found = {}
    with visitor(browser, server) as page:
        visit(page, f"/draw?run={trained[0].id}")
        found["empty"] = look(page)
        draw_seven(page)
        for view in ("From ink to digit", "Why", "Probe", "All runs", "Network"):
            page.get_by_role("radio", name=view).last.click()
            found[view] = look(page)
        for way in ("A number", "Pixels", "A picture", "My hand"):
            page.get_by_role("radio", name=way).first.click()
            found[way] = look(page)
    assert without_faults(found)


@pytest.mark.slow
def test_axe_finds_nothing_serious_in_a_tour_and_in_two_films(browser: Browser, server: Server):
    store, data = RunStore(server.home), mnist.load()
    left, right = (make_film(store, RunConfig(units=units), data, steps=(0, 1, 8, 32)) for units in (16, 48))
    with visitor(browser, server) as page:
        visit(page, f"/train?run={right.id}&tour=open")
        expect(page.locator(".film-tour")).to_have_attribute("data-stop", "0")
        page.wait_for_timeout(1000)
        assert faults(page, ".film-tour") == []
        visit(page, f"/compare?view=side&left={left.id}&right={right.id}")
        expect(page.locator(".pair-state[data-step]").first).to_be_visible()
        page.locator(".pair-table summary").click()
        page.wait_for_timeout(1000)
        assert faults(page, ".pair") == []
