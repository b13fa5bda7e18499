"""An assignment: its question and knobs from a link, the prediction before Start, and both beside the run."""

import pytest
from streamlit.testing.v1 import AppTest

from core.classroom import board_names, names
from core.classroom.assignment_store import AssignmentStore
from core.classroom.assignments import Assignment, checked
from core.config.run_config import RunConfig
from core.evaluation.run_export import build_archive
from core.jobs.run_import import import_file
from core.runs.prediction import CHOICE, NUMBER, SETTING, TEXT, Asked, Choice, Prediction, Versus
from core.runs.store import Run, RunStore
from tests import made_runs
from tests.app.train_page import html, labels, press, rerun, unfold, visit, words

START = RunConfig(units=64, epochs=2)


def own_runs(store: RunStore) -> list[Run]:
    return [run for run in store.runs() if not run.shipped]


def make(store: RunStore, asked: Asked, knobs: tuple[str, ...] = ("units",), start: RunConfig = START) -> Assignment:
    return AssignmentStore(store.home).create(checked("How **fast**?", knobs, start, asked), "the teacher")


def predict(page: AppTest, value: object) -> AppTest:
    boxes = [*page.number_input, *page.radio, *page.text_area]
    (box,) = [box for box in boxes if box.label.startswith("Your prediction")]
    box.set_value(value)
    return rerun(page)


def test_a_task_leaves_the_knobs_it_names_and_asks_its_question(store):
    page = visit(units="64", epochs="2", only="epochs,learning_rate,nonsense", task="How **fast**?")
    sliders = {*(slider.label for slider in page.slider), *(slider.label for slider in page.select_slider)}
    assert {"Learning rate"} <= sliders
    assert "Units" not in sliders
    assert not page.tabs
    assert [text.value for text in page.text] == ["How **fast**?"]
    press(page, "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    assert (run.config.units, run.config.epochs) == (64, 2)
    assert page.query_params["only"]
    press(page, "Show all knobs")
    assert len(page.tabs) == 4
    assert "only" not in page.query_params


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        (
            {"only": "units", "task": "How fast?"},
            "This server does not know the assignment, so there is no class board.",
        ),
        ({}, "This server has no such assignment."),
    ],
)
def test_an_assignment_of_another_server_is_said_to_be_unknown_once(store, link, sentence):
    page = visit(assignment="1f2e3d4c", **link)
    said = [each.value for each in (*page.caption, *page.error) if sentence in each.value]
    assert len(said) == 1


def test_a_knob_that_layers_by_hand_replace_is_not_left_to_turn(store):
    page = visit(network="dense32-dense16", only="units,network,epochs")
    shown = {*(slider.label for slider in page.select_slider), *(toggle.label for toggle in page.toggle)}
    assert "Layers by hand" in shown
    assert "Units" not in shown
    (run_knobs,) = [
        box
        for box in unfold(visit(network="dense32"), "task_maker").multiselect
        if box.label == "Knobs that students can set"
    ]
    assert "Units" not in run_knobs.options


def test_a_link_that_names_no_knob_is_no_task(store):
    page = visit(only="nonsense", units="64")
    assert len(page.tabs) == 4


def test_start_asks_for_the_prediction_and_the_run_keeps_it(store):
    made = make(store, Asked(NUMBER, within=1.0))
    page = visit(assignment=made.id)
    assert [text.value for text in page.text] == ["How **fast**?"]
    assert "at most 1 point away" in words(page)
    press(page, "Start")
    assert "Write your prediction" in words(page)
    assert own_runs(store) == []
    press(predict(page, 97.5), "Start")
    (run,) = own_runs(store)
    assert (run.config, run.assignment) == (START, made.id)
    assert run.prediction == Prediction(made.question, made.asked, "97.5")
    assert "97.5%" in html(page)
    (box,) = [box for box in page.number_input if box.label.startswith("Your prediction")]
    assert box.value is None  # the next run is predicted again


@pytest.mark.parametrize(
    ("asked", "value", "given"),
    [
        (Asked(CHOICE, choices=(Choice("*a*", 0, 50), Choice("b", 50, 100))), "b", "b"),
        pytest.param(Asked(TEXT), "It gets **worse**.", "It gets **worse**.", marks=pytest.mark.slow),
    ],
)
def test_choices_and_texts_are_predicted_too(store, asked, value, given):
    page = visit(assignment=make(store, asked).id)
    press(page, "Start")
    assert own_runs(store) == []
    press(predict(page, value), "Start")
    (run,) = own_runs(store)
    assert run.prediction.given == given


@pytest.mark.slow
def test_two_settings_are_trained_with_one_prediction(store):
    made = make(store, Asked(SETTING, versus=Versus("units", ("16", "64"))), ())
    page = press(predict(visit(assignment=made.id), "16"), "Start")
    page.button_group[0].set_value("16")
    rerun(page)
    assert "Your first run has fixed it" in words(page)
    press(page, "Start")
    assert sorted(run.config.units for run in own_runs(store)) == [16, 64]
    assert {run.prediction.given for run in own_runs(store)} == {"16"}


def test_a_link_without_the_file_asks_all_the_same(store):
    made = make(store, Asked(NUMBER))
    AssignmentStore(store.home).delete(made.id)
    page = visit(**made.to_query())
    assert "there is no class board" in words(page)
    press(predict(page, 90.0), "Start")
    (run,) = own_runs(store)
    assert (run.assignment, run.prediction.given, run.config.units) == ("", "90", 64)
    page = visit(assignment=made.id)
    assert "no such assignment" in words(page)
    assert len(page.tabs) == 4


@pytest.mark.slow
def test_a_link_with_a_strange_prediction_says_so(store):
    page = visit(only="units", predict="choice", choices="a")
    assert "cannot be used" in words(page)
    assert len(page.tabs) == 4


@pytest.mark.slow
def test_the_link_sets_free_knobs_and_no_fixed_one(store):
    made = make(store, Asked(NUMBER))
    page = visit(assignment=made.id, units="8", epochs="500")
    press(predict(page, 90.0), "Start")
    (run,) = own_runs(store)
    assert run.config == START.changed(units=8)


def test_a_fixed_knob_that_was_changed_is_refused_and_can_be_set_back(store):
    page = predict(visit(assignment=make(store, Asked(NUMBER)).id), 90.0)
    page.session_state["form"].choose({**START.to_dict(), "epochs": 9, "units": 32})
    press(rerun(page), "Start")
    assert "fixes Epochs" in words(page)
    press(page, "Back to its settings")
    press(predict(page, 90.0), "Start")
    (run,) = own_runs(store)
    assert run.config == START.changed(units=32)


def test_a_link_of_another_page_leaves_the_fixed_knobs_as_they_are(store):
    # As "Use the best knobs on Train" on Compare, and the links of Prepare. Start then refused the run.
    page = visit(assignment=make(store, Asked(NUMBER)).id)
    page.switch_page("pages/compare.py").run()
    page.query_params.clear()
    page.query_params["epochs"], page.query_params["units"] = "9", "32"
    page.switch_page("pages/train.py").run()
    assert "Your assignment fixes Epochs, and the link did not change that." in words(page)
    press(predict(page, 90.0), "Start")
    (run,) = own_runs(store)
    assert run.config == START.changed(units=32)


def test_nothing_starts_once_the_teacher_has_closed_it(store):
    made = make(store, Asked(NUMBER))
    page = predict(visit(assignment=made.id), 90.0)
    AssignmentStore(store.home).change(made.id, open=False)
    press(page, "Start")  # the page was drawn before
    assert "closed" in words(page)
    assert own_runs(store) == []
    (start,) = [button for button in page.button if button.label == "Start"]
    assert start.disabled


@pytest.mark.slow
def test_the_runs_of_others_do_not_give_the_result_away(store):
    made = make(store, Asked(NUMBER))
    facts = {"assignment": made.id, "prediction": Prediction("?", made.asked, "90").to_facts(), "starter": "another"}
    made_runs.make(store, START, **facts)
    assert "Open it" not in labels(visit(assignment=made.id))
    assert "Open it" in labels(visit(**START.to_query()))


def test_prediction_and_result_are_side_by_side(store):
    asked = Asked(NUMBER, within=0.5)
    facts = {"prediction": Prediction("<b>Why</b>?", asked, "96").to_facts()}
    run = made_runs.make(store, level=0.97, **facts)
    text = html(page := visit(run=run.id))
    assert "96%" in text
    assert "97.00%" in text
    assert "Not met." in text
    assert "1.00 points above the prediction" in text
    assert "&lt;b&gt;Why&lt;/b&gt;" in text
    assert not [box for box in page.number_input if box.label == "Epochs to add"]  # they would change the result
    assert "Restart" not in labels(page)


def test_a_carried_prediction_is_shown_as_that_of_the_original(store, tmp_path, tiny_mnist):
    """But not as "yours": the file may be somebody else's."""
    facts = {"prediction": Prediction("How high?", Asked(NUMBER, within=0.5), "96").to_facts()}
    content = build_archive(made_runs.make(RunStore(tmp_path / "elsewhere"), level=0.97, **facts))
    text = html(visit(run=import_file(store, "run.zip", content, tiny_mnist).run.id))
    for words_of_it in ("How high?", "96%", "97.00%", "Not met.", "1.00 points above the prediction"):
        assert words_of_it in text
    assert "Your prediction" not in text


@pytest.mark.slow
def test_a_student_chooses_what_the_board_calls_them(store):
    page = visit(assignment=make(store, Asked(NUMBER)).id)
    next(box for box in page.text_input if box.label == "Your name for the class").set_value("Anna")
    press(page, "Save")
    (me,) = names.all_names(store.home)
    assert board_names.BoardNames(store.home).shown(me) == names.pseudonym(me)
    next(box for box in page.toggle if box.label == "Show it on the class board").set_value(True)
    press(page, "Save")
    assert board_names.BoardNames(store.home).shown(me) == "Anna"
