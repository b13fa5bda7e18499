"""A newcomer opens every page and draws a digit. Training is in `test_train`."""

import re
import shutil

import pytest
from playwright.sync_api import Browser, Page, expect

from core.config.run_config import RunConfig
from core.data import mnist
from core.runs.gate import MAX_NAME
from core.runs.store import SHIPPED, RunStore
from tests.browser.conftest import SEVEN, Server, follow, stroke, visit, visitor, wait_idle
from tests.made_moments import make_film

SMALL = RunConfig(units=8, epochs=2)


def test_every_page_is_reached_from_the_start_and_left_by_one_step_back(page: Page):
    visit(page, "/")
    for title in ("Explore", "Prepare", "Train", "Compare", "Evaluate", "Draw"):
        follow(page, title)
        expect(page.get_by_text(re.compile("MNIST images")).first).to_be_visible()
    for title in ("Evaluate", "Compare"):
        page.go_back()
        expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()


def test_a_page_that_is_opened_by_its_address_is_left_by_one_step_back(page: Page):
    # The link that the page completes was a step of its own: Back seemed to do nothing.
    visit(page, "/train")
    for name in ("compare", "evaluate", "explore"):
        before = page.evaluate("history.length")
        visit(page, f"/{name}")
        expect(page).to_have_url(re.compile(r"\?"))
        assert page.evaluate("history.length") == before + 1
    page.go_back()
    expect(page.get_by_role("heading", name="Evaluate", level=1)).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_a_long_name_makes_no_page_wider_and_covers_nothing(browser: Browser, server: Server, width: int):
    # Start had to be scrolled sideways on a phone, and the two names of "Side by side" lay over each other.
    store = RunStore(server.home)
    left, right = (make_film(store, SMALL, mnist.load(), name=sign * MAX_NAME) for sign in "WM")
    too_wide = (
        "() => { const e = document.querySelector('[data-testid=stMain]'); return e.scrollWidth - e.clientWidth; }"
    )
    with visitor(browser, server, viewport={"width": width, "height": 900}) as page:
        for path in ("/", f"/train?run={left.id}", "/compare", f"/compare?view=side&left={left.id}&right={right.id}"):
            visit(page, path)
            assert page.evaluate(too_wide) <= 0, path
        title = page.locator(".pair-side h2").first
        expect(title).to_have_text(left.name)
        assert title.evaluate("(each) => each.scrollWidth <= each.clientWidth")
    for run in (left, right):
        store.delete(run.id)


@pytest.mark.slow
def test_the_links_on_start_lead_on_without_loading_the_page_again_and_back_in_one_step(page: Page):
    visit(page, "/")
    page.evaluate("window.loaded = true")
    page.get_by_role("link", name=re.compile("1 · Explore")).click()
    expect(page.get_by_role("heading", name="Explore", level=1)).to_be_visible()
    wait_idle(page)
    assert page.evaluate("window.loaded && document.title") == "Explore"
    page.go_back()
    expect(page.get_by_role("heading", name="Digit Lab", level=1)).to_be_visible()
    wait_idle(page)
    first = page.get_by_role("link", name="Train your first network")
    first.focus()
    first.press("Enter")
    expect(page.get_by_role("heading", name="Train", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/train\?dropout=0\.2(&run=[\w-]+)?$"))  # held-out images are the default
    wait_idle(page)
    page.go_back()
    expect(page.get_by_role("heading", name="Digit Lab", level=1)).to_be_visible()
    assert page.evaluate("window.loaded")
    wait_idle(page)
    with page.context.expect_page() as other:
        page.get_by_role("link", name="Draw a digit").click(modifiers=["Control"])
    expect(other.value.get_by_role("heading", name="Draw", level=1)).to_be_visible()
    expect(page.get_by_role("heading", name="Digit Lab", level=1)).to_be_visible()


def test_a_drawing_is_read_on_the_first_visit(newcomer: Page):
    page = newcomer
    visit(page, "/draw")
    answer = page.locator(".st-key-answer")
    expect(answer).to_contain_text("Draw a digit")
    stroke(page, SEVEN)
    expect(answer).to_contain_text("It reads 7", timeout=60_000)
    expect(answer.get_by_role("listitem")).to_have_count(10)
    expect(page.get_by_alt_text(re.compile("28 by 28"))).to_be_visible()


def test_a_drawing_is_cleared_undone_and_kept_over_a_change_of_page_or_way(newcomer: Page):
    page = newcomer
    visit(page, "/draw")
    answer = page.locator(".st-key-answer")
    stroke(page, SEVEN)
    expect(answer).to_contain_text("It reads 7", timeout=60_000)
    page.get_by_role("radio", name="A number").click()
    wait_idle(page)
    page.get_by_role("radio", name="One digit").click()
    expect(answer).to_contain_text("It reads 7")
    wait_idle(page)
    page.wait_for_timeout(500)  # a canvas that knew nothing of it would say so by now
    expect(answer).to_contain_text("It reads 7")
    follow(page, "Explore")
    follow(page, "Draw")
    expect(answer).to_contain_text("It reads 7")
    page.locator(".st-key-draw-undo button").click()
    expect(answer).to_contain_text("Draw a digit")
    wait_idle(page)
    stroke(page, [(140, 50), (140, 230)])
    expect(answer).to_contain_text("It reads 1")
    page.locator(".st-key-draw-clear button").click()
    expect(answer).to_contain_text("Draw a digit")


@pytest.mark.slow
def test_the_canvas_own_buttons_do_not_lie_on_what_can_be_pressed(newcomer: Page):
    # They appear above the canvas while the mouse is on it, and stay after a finger's stroke; they lay on "My hand".
    page = newcomer
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, "/draw")
    stroke(page, SEVEN)
    page.locator("canvas.upper-canvas").first.hover()
    own = page.locator(".st-key-draw-canvas").get_by_role("button", name="Reset canvas & history").first
    expect(own).to_be_visible()
    page.wait_for_timeout(400)  # they slide up
    ways = page.locator(".st-key-draw_way").bounding_box()
    box = page.locator(".st-key-draw-canvas .dc-toolbar-card").bounding_box()
    assert ways
    assert box
    assert box["y"] >= ways["y"] + ways["height"]


def test_a_network_deleted_between_two_strokes_is_reported_and_another_one_reads(server: Server, newcomer: Page):
    # A stroke runs the canvas alone, where nothing caught it: the page was an error with its message hidden.
    store = RunStore(server.home)
    shipped = store.get(SHIPPED)
    run = store.create(shipped.config, name="soon gone")
    shutil.copy(shipped.model_path, run.model_path)
    page = newcomer
    visit(page, f"/draw?run={run.id}")
    answer = page.locator(".st-key-answer")
    stroke(page, [(70, 70), (210, 70)])
    expect(answer).to_contain_text("It reads", timeout=60_000)
    store.delete(run.id)
    stroke(page, [(210, 70), (120, 230)])
    expect(page.get_by_text(f"There is no run '{run.id}'.")).to_be_visible()
    expect(page).to_have_url(re.compile(f"run={SHIPPED}"))
    expect(answer).to_contain_text("It reads 7")


@pytest.mark.slow
def test_on_a_phone_a_number_is_written_from_edge_to_edge(newcomer: Page):
    page = newcomer
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, "/draw")
    page.get_by_role("radio", name="A number").click()
    expect(page.get_by_text("Write a number from left to right")).to_be_visible()
    wait_idle(page)
    surface = page.locator(".st-key-number-canvas canvas.upper-canvas")
    expect(surface).to_be_visible()
    surface.scroll_into_view_if_needed()
    box = surface.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    for share in (0.05, 0.35, 0.65, 0.95):
        x = box["x"] + share * box["width"]
        page.mouse.move(x, box["y"] + 0.2 * box["height"])
        page.mouse.down()
        page.mouse.move(x, box["y"] + 0.8 * box["height"], steps=8)
        page.mouse.up()
        page.wait_for_timeout(300)
    expect(page.get_by_text("It reads 1111")).to_be_visible(timeout=60_000)
