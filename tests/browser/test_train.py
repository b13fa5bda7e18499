"""Training in a real browser: live points, a zoom that holds, and a run that outlives page, tab and server."""

import time
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from core.config.run_config import RunConfig
from core.jobs import slots
from core.runs.control import ControlRequests
from core.runs.events import EpochDone, RunEnded, Started
from core.runs.store import Run, RunStore
from core.runs.timeline import EventFile
from tests import made_runs
from tests.browser.conftest import Server, follow, step_back, visit, visitor, wait_idle
from tests.small_run import wait_until

pytestmark = pytest.mark.browser
PATIENCE = 60_000  # milliseconds: the first worker imports TensorFlow


class Watched(NamedTuple):
    """A run that trains through all of these tests, and the page of the visitor who started it."""

    run: Run
    page: Page


@pytest.fixture(scope="module")
def started(browser: Browser, server: Server) -> Iterator[Watched]:
    with visitor(browser, server) as page:
        before = {run.id for run in RunStore(server.home).runs()}
        visit(page, "train?hidden_layers=1&units=64&train_images=20000&epochs=500")
        page.get_by_role("button", name="Start", exact=True).click()
        run = started_run(server, before)
        wait_for_points(page, 2)
        step_back(run.holder["pid"])
        yield Watched(run, page)
        ControlRequests(run).stop()


def started_run(server: Server, before: set[str]) -> Run:
    """The run that is not among those `before`, once a worker has it: until then an older one's chart may be seen."""

    def new() -> list[Run]:
        return [run for run in RunStore(server.home).runs() if run.id not in before and run.step]

    wait_until(new)
    return new()[0]


def points(page: Page) -> int:
    return int(page.locator(".live-plot").first.get_attribute("data-points") or 0)


def wait_for_points(page: Page, more_than: int) -> None:
    page.wait_for_function(
        "least => Number(document.querySelector('.live-plot')?.dataset.points ?? 0) > least",
        arg=more_than,
        timeout=PATIENCE,
    )


@pytest.fixture
def nothing_trains(server: Server) -> Iterator[None]:
    """The test has the device, and does what a worker would do."""
    device = slots.lock(RunStore(server.home), slots.slots_for("auto")[0])
    assert device.acquire({"run": "of a test"}, timeout=60.0)
    yield
    device.release()


def finish(page: Page, run: Run, epochs: int) -> None:
    """Trains a run that waits, as far as the page can tell."""
    expect(page.get_by_role("button", name="Remove from queue")).to_be_visible()
    events = EventFile(run.events_path)
    events.append(Started(time.time(), "CPU", 10, 100, 0, 1, epochs))
    for epoch in range(1, epochs + 1):
        events.append(EpochDone(epoch, epoch, float(epoch), 0.5, 0.9, 0.001))
    events.append(RunEnded("finished", "", time.time(), epochs))
    events.close()
    run.state_path.write_bytes(b"of its last epoch")
    (run.folder / "queued").unlink()
    expect(page.get_by_text(f"Finished after {epochs} epoch{'s' if epochs > 1 else ''} and")).to_be_visible()


@pytest.mark.usefixtures("nothing_trains")
def test_resume_more_epochs_and_restart_are_followed_to_their_end(server: Server, newcomer: Page):
    """No timer of its page would come round to it."""
    page, store = newcomer, RunStore(server.home)
    cut_short = store.create(RunConfig(epochs=1), name="Cut short")
    visit(page, f"/train?run={cut_short.id}")
    page.get_by_role("button", name="Resume").click()
    finish(page, cut_short, 1)
    page.get_by_role("button", name="More epochs").click()
    page.get_by_role("button", name="Train 5 more epochs").click()
    finish(page, cut_short, 6)
    page.get_by_role("button", name="Restart").click()
    page.wait_for_url(lambda url: "run=" in url and cut_short.id not in url)
    (restarted,) = [run for run in store.runs() if run.id in page.url]
    finish(page, restarted, 6)


@pytest.mark.usefixtures("nothing_trains")
def test_a_tab_shows_what_another_tab_has_resumed_when_the_visitor_comes_back(server: Server, newcomer: Page):
    page, store = newcomer, RunStore(server.home)
    cut_short = store.create(RunConfig(epochs=1), name="Cut short")
    visit(page, f"/train?run={cut_short.id}")
    resume = page.get_by_role("button", name="Resume")
    expect(resume).to_be_visible()
    other = page.context.new_page()
    visit(other, f"/train?run={cut_short.id}")
    other.get_by_role("button", name="Resume").click()
    expect(other.get_by_role("button", name="Remove from queue")).to_be_visible()
    page.evaluate("dispatchEvent(new Event('blur'))")  # without a screen, every tab has the focus
    page.wait_for_timeout(1100)
    expect(resume).to_be_visible()
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page.get_by_role("button", name="Remove from queue")).to_be_visible()
    finish(page, cut_short, 1)


def test_on_a_phone_the_charts_of_a_run_take_its_width_and_the_curve_takes_the_chart(browser: Browser, server: Server):
    """Side by side they were 100 pixels wide, and the name of the best epoch pushed the curve into a third of that."""
    run = made_runs.make(RunStore(server.home), RunConfig(epochs=4), points=40)
    with visitor(browser, server, viewport={"width": 390, "height": 844}) as page:
        visit(page, f"/train?run={run.id}")
        for chart in page.locator(".live-plot.js-plotly-plot").all():
            chart.scroll_into_view_if_needed()
            assert chart.bounding_box()["width"] > 300
            drawn = "plot => [plot._fullLayout.xaxis.range[1], Math.max(...plot.data.flatMap((each) => each.x))]"
            page.wait_for_function("plot => plot.data?.some((each) => each.x.length)", arg=chart.element_handle())
            end, newest = chart.evaluate(drawn)
            assert end < 1.25 * newest


def test_on_a_phone_the_link_of_a_run_leads_to_the_run_and_a_link_with_knobs_to_the_form(
    browser: Browser, server: Server
):
    run = made_runs.make(RunStore(server.home), RunConfig(epochs=4), points=40)
    with visitor(browser, server, viewport={"width": 390, "height": 844}) as page:
        visit(page, f"/train?run={run.id}")
        expect(page.get_by_text("Finished after 4 epochs")).to_be_in_viewport()
        visit(page, f"/train?run={run.id}&units=64")
        page.wait_for_timeout(600)
        expect(page.get_by_role("heading", name="Train", level=1)).to_be_in_viewport()
        expect(page.get_by_text("Finished after 4 epochs")).not_to_be_in_viewport()


def test_no_two_marks_of_an_axis_have_the_same_name(browser: Browser, server: Server):
    """Accuracies from 8% to 10% had the marks 10%, 10%, 9%, 9% and 8%."""
    run = made_runs.make(RunStore(server.home), RunConfig(epochs=4), points=40)
    marks = "plot => [...plot.querySelectorAll('.ytick text')].map((mark) => mark.textContent)"
    for address, chart in (("/train?run=", ".live-plot"), ("/compare?runs=", ".overlay-plot")):
        with visitor(browser, server) as page:
            visit(page, address + run.id)
            page.wait_for_function("(chart) => document.querySelector(chart)?.data?.length", arg=chart)
            for plot in page.locator(f"{chart}.js-plotly-plot").all():
                for low, high in ((0.08, 0.1), (0.98, 0.983), (0.5, 0.5004)):
                    plot.evaluate("(plot, range) => Plotly.relayout(plot, {'yaxis.range': range})", [low, high])
                    found = plot.evaluate(marks)
                    assert len(found) > 1
                    assert len(set(found)) == len(found)


def test_the_zoom_survives_every_refresh_and_points_go_on_arriving_where_they_were(started: Watched):
    page = started.page
    wait_idle(page)
    plot = page.locator(".live-plot").first
    plot.scroll_into_view_if_needed()
    node = plot.element_handle()
    area = plot.locator(".nsewdrag").first.bounding_box()
    page.mouse.move(area["x"] + 0.2 * area["width"], area["y"] + 0.3 * area["height"])
    page.mouse.down()
    page.mouse.move(area["x"] + 0.6 * area["width"], area["y"] + 0.7 * area["height"], steps=5)
    page.mouse.up()
    page.wait_for_function("plot => plot._fullLayout.xaxis.autorange === false", arg=node)
    zoomed = page.evaluate("plot => [...plot._fullLayout.xaxis.range, ...plot._fullLayout.yaxis.range]", node)
    place = plot.bounding_box()
    wait_for_points(page, points(page) + 5)
    assert page.evaluate("plot => plot.isConnected", node), "the chart was built again"
    assert plot.bounding_box() == place, "the chart moved under the mouse"
    assert page.evaluate("plot => [...plot._fullLayout.xaxis.range, ...plot._fullLayout.yaxis.range]", node) == zoomed


def test_a_click_counts_once_and_its_run_stays_in_sight(started: Watched, server: Server):
    """Also while another run is refreshed: the browser is too busy to send the click before timers fire."""
    page, before = started.page, {run.id for run in RunStore(server.home).runs()}
    page.evaluate("""() => {
        const later = window.setTimeout;
        window.setTimeout = (what, after, ...more) => later(what, after || 1500, ...more);
        later(() => { window.setTimeout = later; }, 1000);
    }""")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Remove from queue").wait_for()
    (started_run,) = [run for run in RunStore(server.home).runs() if run.id not in before]
    page.wait_for_timeout(1000)  # refreshes that were under way when the run began
    assert f"run={started_run.id}" in page.url
    page.get_by_role("button", name="Remove from queue").click()
    expect(page.get_by_role("button", name="Remove from queue")).to_have_count(0)


@pytest.mark.slow
def test_on_a_phone_start_brings_the_run_into_sight(started: Watched, browser: Browser, server: Server):
    with visitor(browser, server, viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True) as page:
        visit(page, "/train?epochs=2")
        page.get_by_role("button", name="Start", exact=True).tap()
        page.wait_for_function("document.querySelector('.st-key-watch')?.getBoundingClientRect().top < 200")
        page.get_by_role("button", name="Remove from queue").tap()  # the other run still trains
        wait_idle(page)


@pytest.mark.slow
def test_on_a_phone_the_other_pages_say_how_far_the_run_is(started: Watched, browser: Browser, server: Server):
    with visitor(browser, server, viewport={"width": 390, "height": 844}) as page:
        visit(page, "draw")
        status = page.locator(".st-key-status a p")
        expect(status).to_contain_text("of 500")  # and no part of it is cut off:
        assert status.evaluate("line => line.scrollWidth <= line.clientWidth && line.scrollHeight <= line.clientHeight")


@pytest.mark.slow
def test_a_killed_server_loses_nothing(started: Watched, server: Server, page: Page):
    started.page.goto("about:blank")
    server.kill()
    epochs = len(started.run.epochs)
    server.start()
    page.goto(f"/train?run={started.run.id}")
    wait_for_points(page, 2)
    expect(page.get_by_role("button", name="Pause")).to_be_disabled()  # of another visitor
    deadline = page.evaluate("Date.now()") + PATIENCE
    while len(started.run.epochs) <= epochs:  # it trained on while there was no server
        assert page.evaluate("Date.now()") < deadline
        page.wait_for_timeout(200)


@pytest.mark.slow
def test_a_closed_laptop_goes_on_where_it_was(started: Watched, server: Server):
    """All stands still for a while, as in a machine that sleeps: nothing is lost or called interrupted."""
    run, page = started
    page.goto(f"/train?run={run.id}")
    wait_for_points(page, 2)
    asleep = [psutil.Process(server.process.pid), psutil.Process(run.holder["pid"])]
    for process in asleep:
        process.suspend()
    time.sleep(4)
    for process in reversed(asleep):
        process.resume()
    wait_for_points(page, points(page) + 3)
    assert run.state == "running"


def test_back_leaves_train_and_the_run_is_found_again(started: Watched):
    page = started.page
    visit(page, "/explore")
    follow(page, "Train")
    wait_for_points(page, 2)
    page.go_back()
    expect(page.get_by_role("heading", name="Explore", level=1)).to_be_visible()
    follow(page, "Train")
    wait_for_points(page, 2)


def test_a_run_outlives_page_reload_and_tab_is_controlled_and_stopped(started: Watched):
    run, tab = started
    tab.goto(f"/train?run={run.id}")
    wait_for_points(tab, 2)
    follow(tab, "Explore")
    expect(tab.locator(".st-key-status")).to_contain_text("Training")
    follow(tab, "Train")
    wait_for_points(tab, 2)
    assert f"run={run.id}" in tab.url
    seen = points(tab)
    tab.reload()
    wait_for_points(tab, seen)
    page, link = tab.context.new_page(), tab.url
    tab.close()
    page.goto(link)
    wait_for_points(page, seen)
    page.get_by_role("button", name="Learning rate").click()
    page.get_by_role("textbox", name="New learning rate").fill("0,002")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator(".live-plot").first.get_by_text("rate 0.002")).to_be_visible(timeout=PATIENCE)
    page.locator(".st-key-run_buttons").get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Stopped after")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".st-key-status")).not_to_contain_text("Training")
    assert run.state == "stopped"
    assert run.has_model
    page.get_by_role("slider", name="Units").press("ArrowRight")
    wait_idle(page)
    expect(page.get_by_text("There is no run")).to_have_count(0)  # its label in the list is another now
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as taken:
        page.get_by_role("button", name="Everything").click()
    assert taken.value.suggested_filename == f"digit-lab-{run.id}.zip"
    files = {name.partition("/")[2] for name in zipfile.ZipFile(taken.value.path()).namelist()}
    assert files == {"README.md", "train.py", "notebook.ipynb", "run.json", "history.csv", "model.keras"}
