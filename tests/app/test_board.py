"""The class board: what everybody sees, what its teacher can change, and what students cannot."""

import csv
import io

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.classroom.assignment_store import AssignmentStore
from core.classroom.assignments import Assignment, checked
from core.config.run_config import RunConfig
from core.runs.prediction import CHOICE, NUMBER, TEXT, Asked, Choice, Prediction
from core.runs.store import RunStore
from pages.parts.board import live_board, manage
from pages.shared import frame
from tests import made_runs
from tests.app.conftest import me  # noqa: F401
from tests.app.train_page import html, labels, press, rerun, words
from tests.conftest import ROOT

RANGES = Asked(CHOICE, choices=(Choice("low", 0, 50), Choice("high")))


def make(store: RunStore, author: str = "a teacher", asked: Asked | None = None) -> Assignment:
    return AssignmentStore(store.home).create(
        checked("<i>How</i> *few*?", ["units"], RunConfig(), asked or Asked(NUMBER)), author
    )


def add(store: RunStore, assignment: Assignment, starter: str, given: str, level: float = 0.97) -> None:
    prediction = Prediction(assignment.question, assignment.asked, given).to_facts()
    made_runs.make(store, level=level, starter=starter, assignment=assignment.id, prediction=prediction)


def look(assignment_id: str) -> AppTest:
    live_board.board.clear()
    page = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=30)
    if assignment_id:
        page.query_params["assignment"] = assignment_id
    page.switch_page("pages/board.py").run()
    assert not page.exception, page.exception
    return page


def test_the_board_shows_all_runs_and_escapes_what_students_wrote(store):
    made = make(store, asked=Asked(TEXT))
    add(store, made, "student a", "<img src=x onerror=alert(1)>")
    add(store, made, "student b", "worse", 0.5)
    text = html(look(made.id))
    assert text.count('<li class="tile') == 2
    assert "97.0%" in text
    assert "50.0%" in text
    assert "<img src=x" not in text
    assert "<i>How</i>" not in text
    assert "★ best" in text


@pytest.mark.parametrize(
    ("host", "warned"), [("localhost", True), ("127.0.0.1", True), ("192.168.1.7", False), ("lab.example.org", False)]
)
def test_an_address_that_only_this_computer_can_open_is_named_so(store, monkeypatch, host, warned):
    # A projector showed "Students open localhost": on each student's computer that is another one.
    monkeypatch.setattr(type(st.context), "url", property(lambda _: f"http://{host}:8501/board"))
    made = make(store)
    text = html(look(made.id))
    assert f"<b>{host}:8501/train?assignment={made.id}</b>" in text
    assert ("Only this computer can open this address" in text) is warned


def test_prediction_met_and_the_most_surprising_run(store):
    made = make(store)
    for starter, given in (("a", "97.2"), ("b", "90"), ("c", "95")):
        add(store, made, starter, given)
    text = html(look(made.id))
    assert "1 of 3</b> predictions met" in text
    assert text.count('<li class="tile  is-surprising"') == 1
    assert "predicted 90%, reached 97.00%" in text
    assert "3 ended above" not in text
    assert 'role="img" aria-label="3 finished runs: 2 ended above the prediction, 1 did not."' in text


def test_a_run_of_another_data_set_is_shown_and_says_why_it_has_no_rank(store):
    made = make(store)
    add(store, made, "a", "97", 0.99)
    add(store, made, "b", "97", 0.96)
    for run in store.runs():
        if run.assignment:
            store.write(run.id, data={"fingerprint": run.starter * 16, "names": list("0123456789")})
    text = html(look(made.id))
    assert "Not ranked: <b>1 run</b> of another data set" in text
    assert "99.0%" in text
    assert text.count("not ranked: other data set") == 1
    assert "★ Best run</h3><p>" in text
    assert "96.00%" in text.partition("★ Best run")[2]


def test_results_stay_hidden_until_enough_students_have_predicted(store):
    made = make(store)
    AssignmentStore(store.home).change(made.id, hidden_until=2)
    add(store, made, "a", "96.6", 0.971)
    page = look(made.id)
    assert "has predicted" in html(page)
    assert "96.6" not in html(page)
    assert "97.1" not in html(page)
    assert not page.get("download_button")
    add(store, made, "b", "95.3")
    assert "96.6%" in html(look(made.id))


def test_a_student_can_change_nothing(store, monkeypatch):
    made = make(store)
    page = look(made.id)
    assert not {"Close", "Delete for good"} & labels(page)
    manage._act(made.id, lambda: pytest.fail("a student changed the assignment"))
    assert AssignmentStore(store.home).get(made.id) == made


def test_who_made_it_closes_hides_decides_and_deletes(store, me):  # noqa: F811
    made = make(store, author=me, asked=RANGES)
    kept = AssignmentStore(store.home)
    add(store, made, "a", "high")
    page = press(look(made.id), "Close")
    assert not kept.get(made.id).open
    assert "closed" in html(page)
    press(page, "Open again")
    assert kept.get(made.id).open
    page.number_input[0].set_value(30)
    press(rerun(page), "Hide until then")
    assert kept.get(made.id).hidden_until == 30
    press(page, "Show results now")
    assert kept.get(made.id).hidden_until == 0
    next(box for box in page.selectbox if box.label == "Right choice").set_value("high")
    press(rerun(page), "Say which is right")
    assert kept.get(made.id).answer == "high"
    assert "1 of 1</b> predictions met" in html(rerun(page))
    press(page, "Delete for good")
    assert kept.all() == []
    assert "There is no assignment yet" in words(page)


def test_the_csv_has_what_the_board_shows(store):
    made = make(store)
    add(store, made, "a", "97")
    (row,) = csv.DictReader(io.StringIO(manage._csv(made.id, teacher=False)))
    assert (row["prediction"], row["met"], row["best"]) == ("97%", "True", "True")


@pytest.mark.slow
def test_without_an_assignment_all_are_listed(store):
    assert "no assignment yet" in words(look(""))
    made = make(store)
    unknown = look("12345678")
    assert "no such assignment" in words(unknown)
    for page in (look(""), unknown):  # a wrong number is no dead end
        links = [link.proto.label for link in page.get("page_link")]
        assert any("How" in label and "open" in label for label in links)
    AssignmentStore(store.home).delete(made.id)
    assert "no such assignment" in words(look(made.id))


def test_a_newcomer_does_not_meet_the_board_but_who_was_there_finds_it_again(store):
    start = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=30).run()
    assert 'href="board' not in html(start)
    (hidden,) = [page for page in frame.PAGES if page.name == "board"]
    assert hidden.navigation["visibility"] == "hidden"  # outside a session, nobody has been there
    assert look("").session_state["_opened_pages"] == {"board"}
