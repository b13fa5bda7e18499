"""The class board: its rows, the best and the most surprising run, its CSV and its names."""

import csv
import io

import pytest

from core.classroom import board_names, names
from core.classroom.assignment_store import AssignmentStore
from core.classroom.assignments import checked
from core.classroom.board import read_board
from core.classroom.board_csv import COLUMNS, board_csv
from core.classroom.board_names import BoardNames
from core.config.run_config import RunConfig
from core.runs.prediction import NUMBER, TEXT, Asked, Prediction
from tests import made_runs


@pytest.fixture
def assignment(store):
    return AssignmentStore(store.home).create(checked("=How few?", ["units"], RunConfig(), Asked(NUMBER)), "teacher")


def add(store, assignment, starter, given, level, units=128):
    prediction = Prediction(assignment.question, assignment.asked, given).to_facts()
    facts = {"assignment": assignment.id, "prediction": prediction, "starter": starter}
    return made_runs.make(store, RunConfig(units=units), level=level, **facts)


def test_the_board_has_the_runs_of_its_assignment_alone(store, assignment):
    mine = add(store, assignment, "a", "97", 0.97)
    made_runs.make(store, starter="a")
    assert [row.run.id for row in read_board(assignment, store).rows] == [mine.id]


def test_a_copied_run_that_answers_another_question_is_left_out(store, assignment):
    strange = Prediction("?", Asked(TEXT), "no number").to_facts()
    made_runs.make(store, assignment=assignment.id, prediction=strange)
    made_runs.make(store, assignment=assignment.id)
    assert not read_board(assignment, store).rows


def test_best_and_most_surprising(store, assignment):
    near = add(store, assignment, "a", "97", 0.972)
    best = add(store, assignment, "b", "97", 0.981)
    far = add(store, assignment, "c", "97", 0.90)
    board = read_board(assignment, store)
    assert (board.best.run.id, board.most_surprising.run.id) == (best.id, far.id)
    assert (board.met, board.judged) == (1, 3)
    store.delete(best.id)
    store.delete(far.id)
    board = read_board(assignment, store)
    assert board.best.run.id == near.id
    assert board.most_surprising is None  # its prediction is met


def learn_from(store, run, data):
    store.write(run.id, data={"fingerprint": data * 16, "names": list("0123456789")})


def test_only_runs_of_the_newest_data_set_are_ranked(store, assignment):
    early = add(store, assignment, "a", "97", 0.99)
    early_surprise = add(store, assignment, "b", "97", 0.5)
    late = add(store, assignment, "a", "97", 0.972)
    late_surprise = add(store, assignment, "c", "97", 0.90)
    for run, data in ((early, "a"), (early_surprise, "a"), (late, "b"), (late_surprise, "b")):
        learn_from(store, run, data)
    board = read_board(assignment, store)
    assert len(board.rows) == 4
    assert (board.best.run.id, board.most_surprising.run.id) == (late.id, late_surprise.id)
    assert [board.has_other_data(row) for row in board.rows] == [True, True, False, False]
    assert board.with_other_data == 2
    rows = csv.DictReader(io.StringIO(board_csv(board, BoardNames(store.home))))
    assert [row["other_data"] for row in rows] == ["True", "True", "False", "False"]


def test_a_run_that_still_trains_with_new_data_takes_no_rank_from_the_others(store, assignment):
    best = add(store, assignment, "a", "97", 0.97)
    learn_from(store, best, "a")
    prediction = Prediction("?", assignment.asked, "97").to_facts()
    run = store.create(RunConfig(), queued=True, starter="b", assignment=assignment.id, prediction=prediction)
    learn_from(store, run, "b")
    board = read_board(assignment, store)
    assert board.best.run.id == best.id
    assert board.with_other_data == 0


def test_students_keep_their_places_and_their_runs(store, assignment):
    first = [add(store, assignment, "b", "97", 0.97), add(store, assignment, "a", "97", 0.97)]
    again = add(store, assignment, "b", "98", 0.97)
    students = read_board(assignment, store).students
    assert [[row.run.id for row in rows] for rows in students] == [[first[0].id, again.id], [first[1].id]]


def test_a_run_that_waits_has_no_accuracy_yet(store, assignment):
    prediction = Prediction("?", assignment.asked, "97").to_facts()
    store.create(RunConfig(), queued=True, starter="a", assignment=assignment.id, prediction=prediction)
    board = read_board(assignment, store)
    (row,) = board.rows
    assert (row.state, row.progress, row.reached.accuracy, row.verdict.met) == ("waiting", 0.0, None, None)
    assert (board.active, board.best, board.most_surprising) == (1, None, None)


def test_results_are_hidden_until_enough_students_have_predicted(store, assignment):
    assignment = AssignmentStore(store.home).change(assignment.id, hidden_until=2)
    add(store, assignment, "a", "97", 0.97)
    add(store, assignment, "a", "98", 0.97)
    assert read_board(assignment, store).hides_results
    add(store, assignment, "b", "97", 0.97)
    assert not read_board(assignment, store).hides_results


def test_the_csv_has_everything_and_no_formula(store, tmp_path):
    asked = Asked(TEXT)
    assignment = AssignmentStore(store.home).create(checked("=1+1", ["units"], RunConfig(), asked), "teacher")
    run = add(store, assignment, "a", "=cmd|' /C calc'!A0", 0.97, units=64)
    names.give(store.home, "a", "+Anna")
    (row,) = csv.DictReader(io.StringIO(board_csv(read_board(assignment, store), BoardNames(store.home))))
    assert set(row) == {*COLUMNS, "units"}
    assert (row["run"], row["units"], float(row["accuracy"]), row["final"]) == (run.id, "64", 0.97, "True")
    assert row["prediction"] == "'=cmd|' /C calc'!A0"
    assert row["question"] == "'=1+1"
    assert row["student"] == names.pseudonym("a")
    board_names.show_name(store.home, "a", True)
    (row,) = csv.DictReader(io.StringIO(board_csv(read_board(assignment, store), BoardNames(store.home), teacher=True)))
    assert (row["student"], row["given_name"]) == ("'+Anna", "'+Anna")


def test_a_name_is_shown_only_if_its_owner_wants_it(tmp_path):
    names.give(tmp_path, "a", "Anna")
    assert BoardNames(tmp_path).shown("a") == names.pseudonym("a")
    assert BoardNames(tmp_path).given("a") == "Anna"
    board_names.show_name(tmp_path, "a", True)
    assert BoardNames(tmp_path).shown("a") == "Anna"
    board_names.show_name(tmp_path, "a", False)
    assert BoardNames(tmp_path).shown("a") == names.pseudonym("a")


@pytest.mark.parametrize("content", ["{", "5", '{"a": 1}', "[5, null]"])
def test_a_damaged_list_of_names_shows_pseudonyms(tmp_path, content):
    names.give(tmp_path, "a", "Anna")
    (tmp_path / "classroom/on_board.json").write_text(content)
    assert BoardNames(tmp_path).shown("a") == names.pseudonym("a")
