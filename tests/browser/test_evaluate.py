"""Evaluate in a browser: a click on a cell opens its images, and an earlier epoch changes all figures together."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from core.data import mnist
from core.evaluation import evaluations, seal
from core.runs.store import RunStore
from tests.browser.conftest import Server, visit, visitor, wait_idle
from tests.known_run import Oracle, known_run

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def run(server: Server):
    return known_run(RunStore(server.home), mnist.load())


def test_a_cell_of_the_matrix_opens_its_images_worst_first(page: Page, run):
    page.goto(f"/evaluate?run={run.id}")
    wait_idle(page)
    matrix = page.locator(".st-key-evaluate_matrix canvas").last  # the topmost: hovering lays one over the others
    box = matrix.bounding_box()
    heading = page.get_by_role("heading", level=2)
    # Where the cells lie is ECharts' own affair: the middle of the picture hits one of them, whichever it is.
    matrix.click(position={"x": box["width"] * 0.53, "y": box["height"] * 0.45})
    expect(heading.or_(page.get_by_text("There are no"))).to_be_visible()
    page.get_by_role("button", name=re.compile("predicted as")).first.click()
    expect(heading).to_contain_text("worst first")
    expect(page).to_have_url(re.compile("cell="))


def test_the_images_of_a_cell_are_on_the_screen_of_a_laptop(browser: Browser, server: Server, run):
    with visitor(browser, server, viewport={"width": 1366, "height": 768}) as page:
        visit(page, f"/evaluate?run={run.id}")
        matrix = page.locator(".st-key-evaluate_matrix canvas").last
        matrix.scroll_into_view_if_needed()
        box = matrix.bounding_box()
        assert box
        images = page.locator(".st-key-evaluate_cell_grid")
        matrix.click(position={"x": 24 + 0.15 * (box["width"] - 32), "y": 8 + 0.05 * (box["height"] - 32)})
        expect(images).to_be_in_viewport(ratio=0.5)  # there may be a hundred
        expect(page.get_by_role("heading", level=2)).to_be_in_viewport(ratio=1)
        page.reload()
        wait_idle(page)
        expect(page.get_by_role("heading", level=1)).to_be_in_viewport()  # a link does not scroll


def test_on_a_phone_a_chosen_image_is_brought_into_sight(browser: Browser, server: Server, run):
    with visitor(browser, server, viewport={"width": 390, "height": 844}) as page:
        visit(page, f"/evaluate?run={run.id}&view=gallery")
        page.get_by_role("radio", name="Only mistakes").click()
        expect(page.get_by_text("Wrong predictions, in the order of the file.")).to_be_visible()
        wait_idle(page)
        image = page.locator(".st-key-evaluate_gallery_grid button").nth(2)
        image.scroll_into_view_if_needed()
        closer = page.locator(".st-key-closer_evaluate_gallery_grid img").first
        expect(closer).not_to_be_in_viewport()
        image.click()
        expect(closer).to_be_in_viewport()


def test_the_figures_of_an_opened_test_set_have_the_keyboard(page: Page, server: Server):
    store = RunStore(server.home)
    data = mnist.load()
    sealed = known_run(store, data)
    seal.open_test_set(sealed)
    evaluations.predict_split(sealed, "test", data, lambda: Oracle(data.test.labels, 20))
    (sealed.folder / "test_set.json").unlink()
    try:
        visit(page, f"/evaluate?run={sealed.id}&split=test")
        page.get_by_role("button", name="Open the test set").press("Enter")
        figure = page.get_by_test_id("stMetric").first
        expect(figure).to_be_focused()
        expect(figure).to_be_in_viewport()
    finally:
        store.delete(sealed.id)


def test_the_seal_is_broken_by_its_button_only(page: Page, run):
    page.goto(f"/evaluate?run={run.id}")
    wait_idle(page)
    page.get_by_text("Test set").first.click()
    expect(page.get_by_text("The test set is sealed for this run")).to_be_visible()
    expect(page.get_by_role("button", name="Open the test set")).to_be_visible()
    expect(page.get_by_test_id("stMetric")).to_have_count(0)


def test_the_epoch_slider_moves_figures_and_bars_together(page: Page, run):
    page.goto(f"/evaluate?run={run.id}&cell=01&index=10")
    wait_idle(page)
    accuracy = page.get_by_test_id("stMetricValue").first
    expect(accuracy).to_have_text("90.00%")
    slider = page.get_by_role("slider").first
    slider.focus()
    slider.press("ArrowLeft")
    slider.press("ArrowLeft")
    expect(accuracy).to_have_text("50.00%")
    expect(page).to_have_url(re.compile("epoch=1"))
    expect(page).to_have_url(re.compile("index=10"))
