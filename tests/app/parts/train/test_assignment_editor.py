"""A teacher edits an assignment on Train; a student who works on it goes on with the new one."""

import pytest
from streamlit.testing.v1 import AppTest

from core.classroom.assignment_store import AssignmentStore
from core.classroom.assignments import Assignment, checked
from core.classroom.visitors import Visitor
from core.config.run_config import RunConfig
from core.errors import RunError
from core.runs.prediction import CHOICE, NUMBER, Asked, Choice, Prediction
from core.runs.store import RunStore
from tests import made_runs
from tests.app.conftest import me  # noqa: F401
from tests.app.parts.train.test_assignment import html, own_runs, predict
from tests.app.parts.train.test_assignment_maker import box, set_box
from tests.app.train_page import labels, press, rerun, slider, visit, words

START = RunConfig(units=64, epochs=2)
TEACHER = Visitor("another teacher", is_teacher=True)


def make(store: RunStore, author: str, asked: Asked | None = None, knobs: tuple[str, ...] = ("units",)) -> Assignment:
    return AssignmentStore(store.home).create(checked("How *fast*?", knobs, START, asked or Asked(NUMBER)), author)


def add(store: RunStore, made: Assignment, given: str, level: float = 0.97) -> None:
    prediction = Prediction(made.question, made.asked, given).to_facts()
    made_runs.make(store, made.start, level=level, points=4, starter="a", assignment=made.id, prediction=prediction)


def edit_elsewhere(store: RunStore, made: Assignment, *, question: str = "Changed?", start: RunConfig = START) -> None:
    """Another teacher saves an edit."""
    AssignmentStore(store.home).edit(made, checked(question, made.knobs, start, made.asked), TEACHER, store)


def saved(store: RunStore, made: Assignment) -> Assignment:
    return AssignmentStore(store.home).get(made.id)


def test_the_form_has_the_assignment_and_saves_what_was_changed(store, me):  # noqa: F811
    made = make(store, me)
    add(store, made, "96")
    page = visit(edit=made.id, dropout="0.5")
    assert (box(page, "Question").value, box(page, "Knobs that students").value) == ("How *fast*?", ["units"])
    assert "Students predict: the accuracy at the end, as a number. It stays" in words(page)
    assert not [each for each in page.selectbox if each.label.startswith("Before they train")]
    assert not {"Start", "Create the assignment"} & labels(page)
    set_box(page, "Question", "How **well**?")
    set_box(page, "Met if", 1.5)
    set_box(page, "Epochs", 4)
    text = words(page)
    assert "Epochs 2 → 4" in text
    assert "0 met now, 1 met after the edit, of 1 prediction" in text
    assert saved(store, made) == made
    press(page, "Save changes")
    now = saved(store, made)
    assert (now.question, now.start, now.asked.within) == ("How **well**?", START.changed(epochs=4), 1.5)
    assert "Saved. Open pages show it in a few seconds." in words(page)
    box(page, "Epochs").set_value(6)
    press(page, "Save changes")  # in the same moment
    assert saved(store, made).start == START.changed(epochs=6)
    press(page, "Close")
    assert "edit" not in page.query_params
    assert "Start" in labels(page)


def test_a_visitor_who_did_not_make_it_gets_no_form(store):
    made = make(store, "somebody else")
    page = visit(edit=made.id)
    assert "Only the person who made this assignment" in words(page)
    assert "Save changes" not in labels(page)
    assert "Start" in labels(page)
    assert "no such assignment" in words(visit(edit="../secret"))


@pytest.mark.slow
def test_two_teachers_at_once_compare_and_choose(store, me):  # noqa: F811
    made = make(store, me)
    page = set_box(visit(edit=made.id), "Question", "Mine?")
    edit_elsewhere(store, made, question="<b>Theirs</b>?", start=START.changed(epochs=7))
    press(page, "Save changes")
    assert saved(store, made).question == "<b>Theirs</b>?"
    assert "yours is not saved" in words(page)
    assert "Epochs 2 → 7" in words(page)
    assert box(page, "Question").value == "Mine?"
    press(page, "Keep mine")
    press(page, "Save changes")
    assert (saved(store, made).question, saved(store, made).start) == ("Mine?", START)
    set_box(page, "Question", "Mine again?")
    edit_elsewhere(store, saved(store, made), question="Theirs?")
    press(rerun(page), "Take the saved one")
    assert box(page, "Question").value == "Theirs?"
    assert "Close" in labels(page)  # nothing of one's own is left to save


@pytest.mark.slow
def test_what_cannot_be_saved_is_said_and_stays_in_the_form(store, me, monkeypatch):  # noqa: F811
    made = make(store, me)
    page = set_box(visit(edit=made.id), "Question", " ")
    press(page, "Save changes")
    assert "Write the question" in words(page)
    set_box(page, "Question", "Why?")

    def full(*_):
        raise RunError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr("core.classroom.assignment_store.write_json", full)
        press(page, "Save changes")
    assert "The disk is full." in words(page)
    assert box(page, "Question").value == "Why?"
    AssignmentStore(store.home).delete(made.id)
    press(page, "Save changes")
    assert "no such assignment" in words(page)


@pytest.mark.slow
def test_unsaved_edits_are_still_there_after_a_look_at_another_page(store, me):  # noqa: F811
    made = make(store, me, Asked(CHOICE, choices=(Choice("a"), Choice("b"))))
    page = set_box(visit(edit=made.id), "Question", "Half written")
    set_box(page, "Choices", "a\nb\nc")
    set_box(page, "Epochs", 9)
    page.switch_page("pages/start.py").run()
    page.query_params.clear()
    page.query_params["edit"] = made.id
    page.switch_page("pages/train.py").run()
    assert (box(page, "Question").value, box(page, "Choices").value) == ("Half written", "a\nb\nc")
    assert box(page, "Epochs").value == 9
    press(page, "Close without saving")
    assert saved(store, made) == made


def test_unsaved_edits_are_still_there_after_a_reload_until_they_are_dropped(store, me):  # noqa: F811
    made = make(store, me)
    page = set_box(visit(edit=made.id), "Question", "Half written")
    set_box(page, "Epochs", 9)
    assert "edits from before" not in words(page)
    edit_elsewhere(store, made, question="Theirs?")
    page = visit(edit=made.id)  # a reload begins a new session
    assert (box(page, "Question").value, box(page, "Epochs").value) == ("Half written", 9)
    assert "These are your edits from before. They are not saved yet." in words(page)
    press(page, "Take the saved one")
    page = visit(edit=made.id)
    assert box(page, "Question").value == "Theirs?"
    set_box(page, "Question", "Mine")
    press(page, "Close without saving")
    assert box(visit(edit=made.id), "Question").value == "Theirs?"


def test_saved_edits_are_not_shown_as_unsaved_ones_after_a_reload(store, me):  # noqa: F811
    made = make(store, me)
    page = set_box(visit(edit=made.id), "Question", "Mine?")
    press(page, "Save changes")
    page = visit(edit=made.id)
    assert box(page, "Question").value == "Mine?"
    assert "edits from before" not in words(page)
    assert "Close" in labels(page)


def test_a_student_goes_on_with_the_edited_assignment_and_loses_nothing(store):
    made = make(store, "the teacher")
    page = predict(visit(assignment=made.id), 97.5)
    slider(page, "Units").set_value(16)
    rerun(page)
    edit_elsewhere(store, made, question="How *well*?", start=START.changed(epochs=5))
    press(page, "Start")  # the page was drawn before: the student has not read the new question
    assert "just changed this assignment" in words(page)
    assert own_runs(store) == []
    assert [text.value for text in page.text] == ["How *well*?"]
    assert "Your teacher has changed the assignment" in words(page)
    assert "Back to its settings" not in labels(page)  # the fixed knobs have followed
    press(page, "Start")
    (run,) = own_runs(store)
    assert (run.config, run.prediction.given) == (START.changed(units=16, epochs=5), "97.5")
    assert run.prediction.question == "How *well*?"
    assert "Your teacher has changed the assignment" not in words(rerun(page))


@pytest.mark.slow
def test_a_run_is_judged_by_the_present_rule_and_says_so(store):
    made = make(store, "the teacher")
    prediction = Prediction(made.question, made.asked, "96").to_facts()
    run = made_runs.make(store, START, level=0.97, assignment=made.id, prediction=prediction)
    assert "Not met." in html(visit(run=run.id))
    wanted = checked("Edited?", made.knobs, START, Asked(NUMBER, within=2.0))
    AssignmentStore(store.home).edit(made, wanted, TEACHER, store)
    text = html(visit(run=run.id))
    assert "Met.</b>" in text
    assert "at most 2 points away" in text
    assert "has edited the assignment since" in text
    assert "How *fast*?" in text  # the question that the student read


@pytest.mark.slow
def test_a_choice_stays_chosen_when_its_spelling_is_corrected(store):
    made = make(store, "the teacher", Asked(CHOICE, choices=(Choice("wrose"), Choice("better"))))
    page = predict(visit(assignment=made.id), "wrose")
    asked = Asked(CHOICE, choices=(Choice("worse"), Choice("better")))
    AssignmentStore(store.home).edit(made, checked(made.question, made.knobs, START, asked), TEACHER, store)
    press(page, "Start")
    assert "just changed this assignment" in words(page)
    press(page, "Start")
    (run,) = own_runs(store)
    assert run.prediction.given == "worse"


def edit_links(page: AppTest) -> list[str]:
    return [link.proto.query_string for link in page.get("page_link") if link.proto.label == "Edit"]


@pytest.mark.slow
def test_only_who_may_edit_finds_the_link(store, me):  # noqa: F811
    mine, other = make(store, me), make(store, "somebody else")
    assert edit_links(visit(assignment=mine.id)) == [f"edit={mine.id}"]
    assert edit_links(visit(assignment=other.id)) == []
