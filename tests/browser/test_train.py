"""Training in a real browser: live points, a zoom that holds, and a run that outlives page, tab and server."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from core.runs import Run, RunStore
from tests.browser.conftest import Server, follow, visit

pytestmark = pytest.mark.browser
# A run of many short epochs: it is still going when the test has done all it wants to do meanwhile.
LONG = "train?hidden_layers=1&units=16&train_images=2000&epochs=500"
PATIENCE = 60_000  # milliseconds: the first worker imports TensorFlow


def points(page: Page) -> int:
    return int(page.locator(".live-plot").first.get_attribute("data-points") or 0)


def wait_for_points(page: Page, more_than: int) -> None:
    page.wait_for_function(
        "least => Number(document.querySelector('.live-plot')?.dataset.points ?? 0) > least",
        arg=more_than,
        timeout=PATIENCE,
    )


@contextmanager
def running(page: Page, server: Server, link: str) -> Iterator[Run]:
    """Starts a run and stops it in the end, so that the next test finds the device free."""
    before = {run.id for run in RunStore(server.home).runs()}
    visit(page, link)
    page.get_by_role("button", name="Start", exact=True).click()
    wait_for_points(page, 2)
    (run,) = [run for run in RunStore(server.home).runs() if run.id not in before]
    try:
        yield run
    finally:
        from core.control import Wishes

        Wishes(run).stop()


def test_the_zoom_survives_every_refresh_and_points_go_on_arriving(page: Page, server: Server):
    with running(page, server, LONG):
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
        wait_for_points(page, points(page) + 5)
        assert page.evaluate("plot => plot.isConnected", node), "the chart was built anew"
        assert (
            page.evaluate("plot => [...plot._fullLayout.xaxis.range, ...plot._fullLayout.yaxis.range]", node) == zoomed
        )


def test_a_run_outlives_page_reload_and_tab_and_a_learning_rate_is_marked(page: Page, server: Server):
    first = page.context.new_page()
    first.set_default_timeout(PATIENCE)
    with running(first, server, LONG + "&seed=2") as run:
        follow(first, "Explore")
        follow(first, "Train")
        wait_for_points(first, 2)
        expect(first.get_by_role("button", name="Pause")).to_be_visible(timeout=PATIENCE)
        seen = points(first)
        first.reload()
        wait_for_points(first, seen)
        link = first.url
        assert f"run={run.id}" in link
        first.close()
        page.goto(link)
        wait_for_points(page, seen)
        page.get_by_role("button", name="Learning rate").click()
        page.get_by_role("button", name="Set", exact=True).click()
        expect(page.locator(".live-plot").first.get_by_text("rate 0.001")).to_be_visible(timeout=PATIENCE)
        page.locator(".st-key-run_buttons").get_by_role("button", name="Stop", exact=True).click()
        expect(page.get_by_text("Stopped after")).to_be_visible(timeout=PATIENCE)
        assert run.state == "stopped"
        assert run.has_model


def test_a_killed_server_loses_nothing(browser: Browser, server: Server, page: Page):
    with running(page, server, LONG + "&seed=3") as run:
        link = page.url
        page.goto("about:blank")
        server.kill()
        epochs = len(run.epochs)
        server.start()
        page.goto(link)
        wait_for_points(page, 2)
        expect(page.get_by_role("button", name="Pause")).to_be_visible(timeout=PATIENCE)
        assert len(run.epochs) > epochs, "it trained on while there was no server"
