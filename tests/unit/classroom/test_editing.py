"""Editing an assignment that runs have answered: who may, two at once, and what happens to the runs."""

import csv
import errno
import io
import json
import os
from contextlib import suppress
from dataclasses import replace
from threading import Barrier, Thread

import pytest

from core.classroom import outcome
from core.classroom.assignment_store import AssignmentStore
from core.classroom.assignments import Assignment, checked
from core.classroom.board import read_board
from core.classroom.board_csv import board_csv
from core.classroom.board_names import BoardNames
from core.classroom.editing import consequences
from core.classroom.visitors import Visitor
from core.config.run_config import RunConfig
from core.errors import AssignmentError, RunError
from core.runs.prediction import CHOICE, MAX_QUESTION, NUMBER, SETTING, TEXT, Asked, Choice, Prediction, Versus
from tests import made_runs

START = RunConfig(units=64, epochs=3)
ME, STRANGER, TEACHER = Visitor("me"), Visitor("somebody"), Visitor("somebody", is_teacher=True)
RANGES = Asked(CHOICE, choices=(Choice("It lerns nothing", 0, 50), Choice("It learns", 50, 100)))
WORDS = Asked(CHOICE, choices=(Choice("a"), Choice("b")))
VERSUS = Asked(SETTING, versus=Versus("units", ("64", "16")))


@pytest.fixture
def kept(store):
    return AssignmentStore(store.home)


def make(kept, asked=None, knobs=("units",), **facts) -> Assignment:
    return kept.create(checked("How few?", knobs, START, asked or Asked(NUMBER)), "me", **facts)


def add(store, made, given, level=0.97, config=START, starter="a", question="How few?"):
    prediction = Prediction(question, made.asked, given).to_facts()
    facts = {"assignment": made.id, "prediction": prediction, "starter": starter}
    return made_runs.make(store, config, level=level, points=4, **facts)


def edit(kept, store, made, who=ME, **values) -> Assignment:
    return kept.edit(made, replace(made, **values), who, store)


def test_who_made_it_and_every_teacher_may_edit_it_and_nobody_else(kept, store):
    made = make(kept)
    for stranger in (STRANGER, Visitor("")):
        with pytest.raises(AssignmentError, match="Only the person who made"):
            edit(kept, store, made, stranger, question="Mine?")
    assert kept.get(made.id) == made
    changed = edit(kept, store, made, question="How many?")
    assert edit(kept, store, changed, TEACHER, question="Which?").question == "Which?"


def test_an_edit_changes_the_task_and_keeps_everything_else(kept, store):
    made = kept.change(make(kept).id, open=False, hidden_until=7)
    start = START.changed(epochs=9)
    wanted = checked("Why?", ["epochs", "dropout"], start, Asked(TEXT))
    changed = kept.edit(made, replace(wanted, id="ffffffff", author="other", hidden_until=1), ME, store)
    assert changed == replace(made, question="Why?", knobs=("dropout", "epochs"), start=start, asked=Asked(TEXT))
    assert kept.get(made.id) == changed


def test_the_second_of_two_teachers_does_not_overwrite_the_first(kept, store):
    made = make(kept)
    first = edit(kept, store, made, question="First?")
    with pytest.raises(AssignmentError, match="has changed since you opened it"):
        edit(kept, store, made, TEACHER, question="Second?")
    assert kept.get(made.id) == first
    kept.change(made.id, open=False)  # this is no edit: nothing of it is lost
    second = edit(kept, store, first, TEACHER, question="Second?")
    assert (second.question, second.open) == ("Second?", False)


def test_of_many_edits_at_once_exactly_one_is_saved(kept, store):
    made, together, saved = make(kept), Barrier(8), []

    def one(number: int) -> None:
        together.wait()
        with suppress(AssignmentError):
            saved.append(edit(kept, store, made, question=f"Number {number}?"))

    threads = [Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert saved == [kept.get(made.id)]


def test_a_deleted_assignment_does_not_come_back(kept, store):
    made = make(kept)
    kept.delete(made.id)
    with pytest.raises(AssignmentError, match="no such assignment"):
        edit(kept, store, made, question="Again?")
    assert kept.all() == []


def test_hostile_and_long_texts_meet_the_checks_of_a_new_one(kept, store):
    made = make(kept)
    changed = edit(kept, store, made, question="  <b>\x00\u202e" + "x" * 5000)
    assert changed.question.startswith("<b> x")
    assert len(changed.question) <= MAX_QUESTION
    for wrong in ({"question": " \n"}, {"knobs": ()}, {"knobs": ("nonsense",)}):
        with pytest.raises(AssignmentError):
            edit(kept, store, changed, **wrong)
    assert kept.get(made.id) == changed


def test_a_full_disk_leaves_the_old_one(kept, store, monkeypatch):
    made = make(kept)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="full"):
        edit(kept, store, made, question="How many?")
    assert kept.get(made.id) == made
    assert [path.name for path in kept.folder.iterdir() if path.name != ".lock"] == [f"{made.id}.json"]


def test_a_run_keeps_its_question_and_stays_on_the_board(kept, store):
    made = make(kept)
    run = add(store, made, "97")
    changed = edit(kept, store, made, question="How few units?")
    (row,) = read_board(changed, store).rows
    assert (row.run.id, row.verdict.met, row.earlier) == (run.id, True, ())
    (line,) = csv.DictReader(io.StringIO(board_csv(read_board(changed, store), BoardNames(store.home))))
    assert line["question"] == "How few?"
    assert store.get(run.id).prediction.question == "How few?"


def test_another_allowed_difference_is_computed_for_the_runs_there_are(kept, store):
    made = make(kept, Asked(NUMBER, within=0.5))
    for given in ("97", "96", "90"):
        add(store, made, given)
    before = read_board(made, store)
    changed = edit(kept, store, made, asked=Asked(NUMBER, within=1.0))
    after = read_board(changed, store)
    assert (before.met, after.met, after.judged) == (1, 2, 3)
    assert "1 met now, 2 met after the edit, of 3 predictions" in " ".join(consequences(before, after))


def test_what_students_predict_cannot_become_something_else(kept, store):
    made = make(kept, VERSUS, ())
    add(store, made, "64")
    other = Asked(SETTING, versus=Versus("units", ("64", "32")))
    for asked in (Asked(NUMBER), Asked(), other):
        with pytest.raises(AssignmentError, match="must stay the same"):
            edit(kept, store, made, asked=asked, knobs=("units",))
    assert edit(kept, store, made, question="Which?").asked == VERSUS
    free = make(kept, VERSUS, ())
    assert edit(kept, store, free, asked=other).asked == other  # no run has answered it


def test_a_corrected_choice_keeps_its_runs(kept, store):
    made = make(kept, RANGES)
    add(store, made, "It lerns nothing", level=0.3)
    for words in ("It learns nothin", "It learns nothing"):  # corrected twice
        before = read_board(made, store)
        asked = Asked(CHOICE, choices=(Choice(words, 0, 40), Choice("It learns", 40, 100)))
        made = edit(kept, store, made, asked=asked)
    assert kept.get(made.id) == made
    (row,) = read_board(made, store).rows
    assert (row.predicted, row.prediction.given, row.verdict.met) == ("It lerns nothing", "It learns nothing", True)
    assert "1 run with the choice “It lerns nothing” will count for “It learns nothing”" in " ".join(
        consequences(before, read_board(made, store))
    )
    back = edit(kept, store, made, asked=RANGES)
    assert back.renamed == ()


def test_a_choice_that_is_gone_is_neither_met_nor_missed(kept, store):
    three = Asked(CHOICE, choices=(Choice("low", 0, 50), Choice("high", 50, 90), Choice("higher", 90, 100)))
    made = make(kept, three)
    add(store, made, "low")
    before = read_board(made, store)
    changed = edit(kept, store, made, asked=Asked(CHOICE, choices=(Choice("high", 50, 90), Choice("higher", 90, 100))))
    board = read_board(changed, store)
    (row,) = board.rows
    assert (row.predicted, row.verdict.met, board.judged) == ("low", None, 0)
    assert "no longer offers" in row.verdict.sentence
    assert "1 run will have a choice that is no longer offered" in " ".join(consequences(before, board))


def test_the_right_choice_follows_its_words_and_goes_where_ranges_decide(kept, store):
    made = make(kept, WORDS)
    made = kept.change(made.id, answer="b")
    made = edit(kept, store, made, asked=Asked(CHOICE, choices=(Choice("a"), Choice("B"))))
    assert made.answer == "B"
    ranged = Asked(CHOICE, choices=(Choice("a", 0, 50), Choice("B", 50, 100)))
    assert edit(kept, store, made, asked=ranged).answer == ""


def test_runs_with_other_fixed_knobs_are_marked_and_not_compared(kept, store):
    made = make(kept)
    old = add(store, made, "97", level=0.99)
    before = read_board(made, store)
    changed = edit(kept, store, made, start=START.changed(epochs=5))
    new = add(store, changed, "90", level=0.95, config=changed.start)
    board = read_board(changed, store)
    assert [(row.run.id, row.settings) for row in board.rows] == [
        (old.id, "Epochs 3 (earlier), Units 64"), (new.id, "Units 64"),
    ]  # fmt: skip
    assert (board.best.run.id, board.most_surprising.run.id, board.judged) == (new.id, new.id, 2)
    assert "1 run will have other fixed knobs" in " ".join(consequences(before, board))
    lines = list(csv.DictReader(io.StringIO(board_csv(board, BoardNames(store.home)))))
    assert [(line["epochs"], line["earlier_settings"]) for line in lines] == [("3", "True"), ("5", "False")]
    with pytest.raises(AssignmentError, match="fixes Epochs"):
        changed.submit(START, 90)


def test_two_settings_are_compared_across_an_edit_of_the_question(kept, store):
    made = make(kept, VERSUS, ())
    first = add(store, made, "64", level=0.97)
    changed = edit(kept, store, made, question="Which is better?")
    second = add(store, changed, "64", 0.94, START.changed(units=16), question="Which is better?")
    assert [run.id for run in outcome.counterparts(first, store.runs())] == [second.id]
    assert [row.verdict.met for row in read_board(changed, store).rows] == [True, True]


def test_nothing_is_said_about_runs_where_there_are_none(kept, store):
    made = make(kept)
    board = read_board(made, store)
    assert consequences(board, read_board(replace(made, question="Why?"), store)) == []


@pytest.mark.parametrize("renamed", [5, [5], [["a", "c"]], [["a", "b", "c"]], [[5, "b"]], [["a", ["b"]]]])
def test_strange_earlier_words_in_a_file_are_said(kept, store, renamed):
    made = make(kept, WORDS)
    path = kept.folder / f"{made.id}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "renamed": renamed}))
    with pytest.raises(AssignmentError, match="damaged"):
        kept.get(made.id)
