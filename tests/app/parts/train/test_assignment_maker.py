"""A teacher makes an assignment on Train: a ready-made one, or one of their own."""

import pytest
from streamlit.testing.v1 import AppTest

from core.classroom.assignment_store import AssignmentStore
from core.classroom.ready_made import READY_MADE
from core.runs.prediction import CHOICE, NOTHING, NUMBER, SETTING, Asked
from tests.app.train_page import press, rerun, unfold, visit, words


def box(page: AppTest, label: str):
    boxes = [*page.selectbox, *page.multiselect, *page.text_input, *page.text_area, *page.number_input]
    return next(box for box in boxes if box.label.startswith(label))


def set_box(page: AppTest, label: str, value: object) -> AppTest:
    box(page, label).set_value(value)
    return rerun(page)


def kept(store) -> list:
    return AssignmentStore(store.home).all()


@pytest.mark.parametrize("plan", [pytest.param(READY_MADE[1], marks=pytest.mark.slow), READY_MADE[3]])
def test_a_ready_made_assignment_needs_two_clicks(store, plan):
    page = set_box(unfold(visit(dropout="0.5"), "task_maker"), "Ready-made", plan.title)
    press(page, "Create the assignment")
    (made,) = kept(store)
    same = ("question", "knobs", "start", "asked")
    assert [getattr(made, name) for name in same] == [getattr(plan.assignment, name) for name in same]
    assert f"assignment={made.id}" in page.code[-1].value
    assert f"assignment={made.id}" in page.get("page_link")[-2].proto.query_string


def test_one_of_their_own_with_the_knobs_of_the_form(store):
    page = unfold(visit(units="64"), "task_maker")
    set_box(page, "Question", "Why?")
    set_box(page, "Knobs that students", ["epochs", "dropout"])
    assert box(page, "Before they train").value == NUMBER
    set_box(page, "Met if", 2.5)
    press(page, "Create the assignment")
    (made,) = kept(store)
    assert made.asked == Asked(NUMBER, within=2.5)
    set_box(page, "Before they train", NOTHING)
    press(page, "Create the assignment")
    made = next(one for one in kept(store) if one.id != made.id)
    assert page.code[-1].value.endswith(f"?units=64&assignment={made.id}&only=dropout,epochs&task=Why%3F")


@pytest.mark.slow
def test_what_is_missing_is_said(store):
    page = unfold(visit(), "task_maker")
    press(page, "Create the assignment")
    assert "question" in words(page)
    set_box(page, "Question", "Why?")
    press(page, "Create the assignment")
    assert "at least one knob" in words(page)
    set_box(page, "Before they train", CHOICE)
    set_box(page, "Choices", "only one")
    press(page, "Create the assignment")
    assert "2 to 5 choices" in words(page)
    set_box(page, "Before they train", SETTING)
    set_box(page, "Two settings of", "learning_rate")
    for wrong in ("", "much", "0.001", "1:2", "11"):
        set_box(page, "Learning rate: 0.001 or", wrong)
        press(page, "Create the assignment")
        assert page.error, wrong
    assert kept(store) == []
    set_box(page, "Learning rate: 0.001 or", "0,03")
    press(page, "Create the assignment")
    (made,) = kept(store)
    assert str(made.asked.versus) == "learning_rate:0.001:0.03"
