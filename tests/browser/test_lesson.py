"""A lesson: the teacher makes an assignment, a student predicts and trains, and the class board shows both."""

import csv
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Page, TimeoutError, expect

from core.classroom import names
from core.classroom.assignment_store import AssignmentStore
from core.classroom.assignments import checked
from core.config.run_config import RunConfig
from core.runs.prediction import NUMBER, Asked, Prediction
from core.runs.store import RunStore
from tests import made_runs
from tests.browser.axe import faults
from tests.browser.conftest import Server, visit, visitor, wait_idle
from tests.small_run import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE = 90_000  # milliseconds: a worker imports TensorFlow
QUESTION = "How many epochs?"


@pytest.fixture
def teacher(browser: Browser, server: Server) -> Iterator[Page]:
    with visitor(browser, server) as page:
        yield page


def make_assignment(page: Page) -> str:
    """Makes an assignment of a small run, and returns its link."""
    visit(page, "train?units=16&train_images=400&epochs=2&batch_size=50")
    page.get_by_text("Create an assignment").click()
    page.get_by_label("Question").fill(QUESTION)
    page.get_by_label("Question").press("Enter")
    page.wait_for_timeout(500)  # until the script begins: it draws the boxes again, which closes an open list
    wait_idle(page)
    knobs = page.get_by_role("combobox", name="Knobs that students can set")
    for _ in range(8):  # a page that is still being drawn closes the list again, also between the parts of a click
        with suppress(TimeoutError, AssertionError):
            knobs.click()
            page.get_by_role("option", name="Epochs", exact=True).click(timeout=3000)
            expect(page.locator("[class*=st-key-maker_knobs]")).to_contain_text("Epochs", timeout=2000)
            break
    page.keyboard.press("Escape")
    wait_idle(page)
    page.get_by_role("button", name="Create the assignment").click()
    link = page.locator(".st-key-task_maker code")
    expect(link).to_contain_text("assignment=")
    return link.inner_text().replace("\n", "")


def test_a_lesson_from_the_assignment_to_the_board(server: Server, browser: Browser, teacher: Page):
    link = make_assignment(teacher)
    teacher.get_by_role("link", name="Open the class board").click()
    expect(teacher.get_by_text("No run yet.")).to_be_visible()
    with visitor(browser, server) as student:
        visit(student, link)
        expect(student.get_by_text(QUESTION)).to_be_visible()
        student.get_by_role("button", name="Start", exact=True).click()
        expect(student.get_by_text("Write your prediction")).to_be_visible()
        student.get_by_role("button", name="On the board you are").click()
        student.get_by_role("textbox", name="Your name for the class").fill("Ada")
        student.get_by_role("button", name="Save", exact=True).click()
        wait_until(lambda: "Ada" in names.all_names(server.home).values())
        student.keyboard.press("Escape")
        student.get_by_role("spinbutton", name="Your prediction").fill("99.9")
        student.get_by_role("button", name="Start", exact=True).click()
        expect(student.locator(".predicted")).to_contain_text("99.9%")
        tile = teacher.locator(".board .tile")
        expect(tile).to_contain_text("predicted 99.9%")  # by itself: nobody clicked on the board
        expect(student.locator(".predicted")).to_contain_text("Not met.", timeout=PATIENCE)
        expect(tile).to_contain_text("not met")
        expect(teacher.locator("aside")).to_contain_text("Most surprising run")
        with teacher.expect_download() as download:
            teacher.get_by_role("button", name="CSV").click()
        with open(download.value.path(), encoding="utf-8") as file:
            (row,) = csv.DictReader(file)
        assert (row["question"], row["prediction"], row["met"]) == (QUESTION, "99.9%", "False")
        assert row["student"] != row["given_name"] == "Ada"  # for the teacher alone; the column was never there
        teacher.get_by_role("button", name="Manage").click()
        teacher.get_by_role("button", name="Close", exact=True).click()
        expect(teacher.locator(".counts")).to_contain_text("closed")
        visit(student, link)
        expect(student.get_by_role("button", name="Start", exact=True)).to_be_disabled()


def test_an_edit_reaches_a_student_who_is_typing(server: Server, browser: Browser, teacher: Page):
    link = make_assignment(teacher)
    with visitor(browser, server) as student:
        visit(student, link)
        prediction = student.get_by_role("spinbutton", name="Your prediction")
        prediction.click()
        prediction.press_sequentially("97")  # without Enter: only the browser knows it
        teacher.get_by_role("link", name="Edit").click()
        teacher.wait_for_url(lambda url: "edit=" in url)
        question = teacher.locator(".st-key-task_editor").get_by_label("Question")  # the other form has such a box, too
        expect(question).to_have_value(QUESTION)
        wait_idle(teacher)
        question.fill("How many epochs are enough?")
        question.press("Enter")
        expect(teacher.get_by_role("button", name="Close without saving")).to_be_visible()
        teacher.get_by_role("link", name="Class board").first.click()
        expect(teacher.locator(".st-key-board_head h2")).to_have_text(QUESTION)
        teacher.go_back()
        expect(question).to_have_value("How many epochs are enough?")  # not saved, and not lost
        teacher.get_by_role("button", name="Save changes").click()
        expect(teacher.get_by_text("Saved. Open pages show it in a few seconds.")).to_be_visible()
        expect(student.get_by_text("How many epochs are enough?")).to_be_visible()  # by itself
        expect(prediction).to_be_focused()
        prediction.press_sequentially(".5")
        expect(prediction).to_have_value("97.5")
        assert not faults(student)
    assert not faults(teacher)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_thirty_students_fit_on_a_projector(server: Server, browser: Browser, scheme: str, width: int):
    store = RunStore(server.home)
    made = checked("How few units? " + "A long question. " * 6, ["units"], RunConfig(), Asked(NUMBER, within=1.0))
    assignment = AssignmentStore(server.home).create(made, "a teacher")
    runs = []
    for number in range(30):
        prediction = Prediction(made.question, made.asked, f"{93 + number % 6}").to_facts()
        facts = {"assignment": assignment.id, "prediction": prediction, "starter": f"{number:012x}"}
        runs.append(made_runs.make(store, level=0.96, points=5, **facts))
    with visitor(browser, server, viewport={"width": width, "height": 720}, color_scheme=scheme) as page:
        visit(page, f"board?assignment={assignment.id}")
        expect(page.locator(".board .tile")).to_have_count(30)
        too_much = (
            "() => { const e = document.querySelector('[data-testid=stMain]'); return e.scroll{0} - e.client{0}; }"
        )
        if width == 1280:
            assert page.evaluate(too_much.replace("{0}", "Height")) <= 0
        assert page.evaluate(too_much.replace("{0}", "Width")) <= 0
        assert not faults(page)
    for run in runs:
        store.delete(run.id)
