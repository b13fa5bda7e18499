"""Assignments: kept and read back, damaged files, what they accept and refuse."""

import json
import os

import pytest

from core.classroom import assignment_store
from core.classroom.assignment_store import AssignmentStore
from core.classroom.assignments import checked, from_link
from core.classroom.ready_made import READY_MADE
from core.classroom.visitors import Visitor
from core.config.run_config import RunConfig
from core.errors import AssignmentError
from core.runs.prediction import CHOICE, NUMBER, SETTING, Asked, Choice, Versus

START = RunConfig(units=64, epochs=3)


@pytest.fixture
def kept(tmp_path):
    return AssignmentStore(tmp_path)


def make(kept, asked=None, **others):
    return kept.create(checked("How few?", ["units"], START, asked or Asked(NUMBER)), "me", **others)


@pytest.mark.parametrize("plan", READY_MADE, ids=lambda plan: plan.title)
def test_a_ready_made_assignment_is_kept_and_its_link_carries_it(kept, plan):
    made = kept.create(plan.assignment, "me")
    assert kept.get(made.id) == made
    query = made.to_query()
    assert query["assignment"] == made.id
    carried = from_link(query, RunConfig.from_query(query))
    assert (carried.question, carried.knobs, carried.start, carried.asked) == (
        made.question, made.knobs, made.start, made.asked,
    )  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"5", b"null", b"{}", b"[" * 100_000, b"\xff", b'{"start": {}, "asked": {}}', b"x" * 70_000,
    ],
)  # fmt: skip
def test_a_damaged_file_is_said_and_the_others_stay(kept, content):
    damaged, other = make(kept), make(kept)
    (kept.folder / f"{damaged.id}.json").write_bytes(content)
    with pytest.raises(AssignmentError, match="damaged"):
        kept.get(damaged.id)
    assert [one.id for one in kept.all()] == [other.id]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("question", 5), ("knobs", "units"), ("start", {"units": 10**400}), ("start", [1]), ("asked", {"predict": "x"}),
        ("author", ["me"]), ("created", float("inf")), ("hidden_until", -1), ("hidden_until", 10**400), ("answer", "z"),
        ("answer", [1]),
    ],
)  # fmt: skip
def test_a_strange_value_in_a_file_is_said(kept, name, value):
    made = make(kept)
    path = kept.folder / f"{made.id}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))
    with pytest.raises(AssignmentError, match="damaged"):
        kept.get(made.id)


def test_no_link_or_pipe_is_followed(kept, tmp_path):
    made = make(kept)
    path = kept.folder / f"{made.id}.json"
    content = path.read_bytes()
    path.unlink()
    (tmp_path / "elsewhere").write_bytes(content)
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AssignmentError):
        kept.get(made.id)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(AssignmentError):
        kept.get(made.id)


def test_changing_an_unknown_assignment_is_said_too(kept):
    with pytest.raises(AssignmentError, match="no such assignment"):
        kept.change("1a2b3c4d", open=False)


@pytest.mark.parametrize("strange", ["", "../secret", "1a2b3c4", "1A2B3C4D", "x" * 1000, "1a2b3c4d\n"])
def test_an_unknown_assignment_is_said(kept, strange):
    with pytest.raises(AssignmentError, match="no such assignment"):
        kept.get(strange)


def test_a_run_needs_a_prediction_and_the_fixed_knobs(kept):
    made = make(kept)
    facts = made.submit(START.changed(units=8), 93.0)
    assert facts["assignment"] == made.id
    assert facts["prediction"]["given"] == "93"
    with pytest.raises(AssignmentError, match="prediction"):
        made.submit(START, None)
    with pytest.raises(AssignmentError, match="fixes Epochs"):
        made.submit(START.changed(epochs=50), 93.0)


def test_a_closed_assignment_takes_no_run(kept):
    made = make(kept)
    closed = kept.change(made.id, open=False)
    assert kept.get(made.id) == closed
    with pytest.raises(AssignmentError, match="closed"):
        closed.submit(START, 93.0)
    assert kept.change(made.id, open=True).submit(START, 93.0)


def test_layers_by_hand_may_replace_the_knobs_that_they_reset(kept):
    made = kept.create(checked("Which layers?", ["network"], START, Asked()), "me")
    assert made.submit(RunConfig(network="conv8x3-dense32", epochs=3), None) == {"assignment": made.id}
    with pytest.raises(AssignmentError):
        made.submit(RunConfig(network="dense32", epochs=4), None)


def test_the_values_of_the_link_count_for_free_knobs_alone(kept):
    made = make(kept)
    assert made.begin(RunConfig(units=8, epochs=500, dropout=0.5)) == START.changed(units=8)


def test_two_settings_need_the_form_to_have_one(kept):
    versus = Asked(SETTING, versus=Versus("units", ("16", "128")))
    with pytest.raises(AssignmentError, match="one of the two"):
        checked("Which?", [], START, versus)
    assert checked("Which?", [], RunConfig(units=16), versus).free_knobs == ("units",)


def test_an_assignment_needs_a_question_and_a_knob():
    with pytest.raises(AssignmentError, match="question"):
        checked("  ", ["units"], START, Asked())
    with pytest.raises(AssignmentError, match="knob"):
        checked("Why?", ["nonsense"], START, Asked())


def test_who_may_manage_it(kept):
    made = make(kept)
    assert made.may_manage(Visitor("me"))
    assert not made.may_manage(Visitor("somebody"))
    assert made.may_manage(Visitor("somebody", is_teacher=True))
    assert not checked("Why?", ["units"], START, Asked()).may_manage(Visitor(""))


def test_only_an_offered_choice_is_an_answer(kept):
    made = make(kept, Asked(CHOICE, choices=(Choice("a"), Choice("b"))))
    assert kept.change(made.id, answer="b").answer == "b"
    with pytest.raises(AssignmentError):
        kept.change(made.id, answer="c")
    kept.delete(made.id)
    assert kept.all() == []


def test_nobody_fills_the_disk_with_assignments(kept, monkeypatch):
    monkeypatch.setattr(assignment_store, "MAX_OF_ONE", 2)
    make(kept)
    make(kept)
    with pytest.raises(AssignmentError, match="the most"):
        make(kept)
    kept.create(checked("Another?", ["units"], START, Asked()), "somebody else")
